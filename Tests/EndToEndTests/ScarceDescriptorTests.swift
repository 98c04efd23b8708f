import Foundation
import POSIX
import Testing

@Suite("Out of descriptors, a reload and the key commands change nothing")
struct ScarceDescriptorTests {
    @Test(
        "a reload without descriptors is refused with the reason, changes nothing, and works when there are some again")
    func reload() throws {
        let settings = TestDaemon.settings(server: "state_directory = \"state\"")
        let daemon = try TestDaemon(prepared: settings)
        try FileManager.default.createDirectory(
            at: daemon.state.deletingLastPathComponent(), withIntermediateDirectories: false)
        try daemon.start()
        let client = try daemon.connect()
        let token = try client.ask(#"{"op":"sign"}"#).text("token")
        try daemon.writeKey(named: "second.jwk", kid: "second", TestDaemon.newKey())
        let state = try Data(contentsOf: daemon.state)
        // It has more than that; who has one keeps it.
        try limit(daemon, toDescriptors: 8)
        let refused = try client.ask(#"{"op":"reload"}"#)
        #expect(refused.errorCode == "reload_failed", "\(refused)")
        #expect(refused.errorMessage?.contains("Too many open files") == true, "\(refused)")
        try daemon.expectUnchanged(since: token, "Too many open files", by: client)
        #expect(try Data(contentsOf: daemon.state) == state)
        try limit(daemon, toDescriptors: 1_024)
        #expect(try client.ask(#"{"op":"reload"}"#).isOK)
        #expect(try client.ask(#"{"op":"sign"}"#).text("kid") == "second")
        #expect(try client.ask(#"{"op":"verify","token":"\#(token)"}"#).isValid == true)
        #expect(try daemon.status().faults == [])
    }

    @Test("with any number of descriptors, a key command does all of its work or none, and says why")
    func keyCommands() throws {
        let workshop = try Workshop()
        let keys = workshop.path("keys")
        try FileManager.default.createDirectory(
            atPath: keys, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        #expect(try workshop.signet(["key", "new", "--kid", "first", keys]).status == 0)
        var failures = 0
        for command in [["new"], ["rotate"], ["revoke", "--force", "first", "--keyring"]] {
            var isDone = false
            var limit = 3
            while !isDone {
                let before = try contents(keys)
                let arguments = ["--nofile=\(limit)", TestDaemon.product("signet").path, "key"] + command + [keys]
                let program = try Program.run("prlimit", arguments)
                isDone = program.status == 0
                limit += 1
                try #require(limit < 64, "\(command): \(program.errors)")
                if isDone { continue }
                // Below some number, the loader finds no library: then it is no word of ours.
                if program.errors.contains("shared libraries") { continue }
                // Nor where libdispatch, which runs below Swift's tasks, finds no descriptor for its events, and traps.
                if program.status == SIGILL { continue }
                failures += 1
                let says = ["Too many open files", "out of file descriptors"]
                #expect(says.contains { program.errors.contains($0) }, "\(arguments): \(program.errors)")
                #expect(program.status == 2, "\(arguments)")
                #expect(try contents(keys) == before, "\(arguments)")
            }
            #expect(try workshop.signet(["key", "list", keys]).status == 0)
        }
        #expect(failures > 0)
    }

    private func limit(_ daemon: TestDaemon, toDescriptors count: Int) throws {
        let limited = try Program.run(
            "prlimit", ["--pid", "\(daemon.process.processIdentifier)", "--nofile=\(count):"])
        try #require(limited.status == 0, "\(limited.errors)")
    }

    private func contents(_ directory: String) throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
            contents[name] = try Data(contentsOf: URL(filePath: directory).appending(path: name))
        }
        return contents
    }
}
