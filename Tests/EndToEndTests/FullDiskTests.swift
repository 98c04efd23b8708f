import Foundation
import Testing

@Suite("A full disk", .enabled(if: !FullDisk.Way.possible.isEmpty, "neither mount(8) nor a C compiler can be had"))
struct FullDiskTests {
    private static let noRoom = "No space left on device"

    /// A daemon whose keys, state and public keys lie on that disk.
    private func prepared(_ way: FullDisk.Way) throws -> (TestDaemon, FullDisk) {
        let settings = """
            [server]
            socket = "signet.sock"
            state_directory = "disk/state"

            [keyring.web]
            algorithm = "ES256"
            directory = "disk/keys"
            publish = "disk/public/jwks.json"

            [profile.web]
            issuer = "https://id.example.com"
            audiences = ["https://api.example.com"]
            max_ttl = "1h"

            [[profile.web.allow]]
            operations = ["sign", "verify"]
            users = ["\(NSUserName())"]
            """
        let daemon = try TestDaemon(prepared: settings)
        let disk = try FullDisk(way, of: daemon)
        for name in ["keys", "state", "public"] { try disk.makeDirectory(name) }
        #expect(try signet(daemon, disk, "new", "--kid", "w1", "web").status == 0)
        return (daemon, disk)
    }

    private func signet(_ daemon: TestDaemon, _ disk: FullDisk, _ arguments: String...) throws -> Program {
        try Program.run(
            TestDaemon.product("signet"),
            ["key", arguments[0], "--config", daemon.configuration.path] + arguments.dropFirst(),
            environment: disk.environment.merging(["SIGNET_SOCKET": daemon.socket]) { $1 })
    }

    @Test(
        "key commands leave all as it was, name the file and what to do, and work when there is room",
        arguments: FullDisk.Way.possible)
    func keyCommands(_ way: FullDisk.Way) throws {
        let (daemon, disk) = try prepared(way)
        try daemon.start(environment: disk.environment)
        let token = try daemon.sign("web").text("token")
        #expect(try signet(daemon, disk, "rotate", "web", "--lead", "1h", "--reload").status == 0)
        let before = try disk.contents()
        try disk.fill()
        let keys = disk.directory.appending(path: "keys").path
        for arguments in [["new", "web"], ["rotate", "web"], ["revoke", "--force", "w1"]] {
            let refused = try Program.run(
                TestDaemon.product("signet"),
                ["key", arguments[0], "--config", daemon.configuration.path] + arguments.dropFirst(),
                environment: disk.environment)
            #expect(refused.status == 2, "\(arguments): \(refused.errors)")
            #expect(refused.errors.contains("\(keys)/"), "\(refused.errors)")
            #expect(refused.errors.contains(Self.noRoom), "\(refused.errors)")
            #expect(refused.errors.contains("make room: `df \(keys)`"), "\(refused.errors)")
            #expect(refused.output.isEmpty)
        }
        #expect(try disk.contents() == before)
        try disk.awaitNoUnfinished()
        #expect(try daemon.reload().isOK)
        #expect(try daemon.verify(token, "web").isValid == true)
        try disk.makeRoom()
        let rotated = try signet(daemon, disk, "rotate", "web", "--reload")
        #expect(rotated.status == 0, "\(rotated.errors)")
        try awaitResult("the new key's time comes") {
            try daemon.sign("web").text("kid") + "\n" == rotated.output ? true : nil
        }
        #expect(try signet(daemon, disk, "revoke", "w1", "--reload").status == 0)
        #expect(try daemon.verify(token, "web").reason == "revoked")
    }

    @Test(
        "a reload that cannot publish changes nothing; what was published and the state stay whole, and all is made up",
        arguments: FullDisk.Way.possible)
    func reload(_ way: FullDisk.Way) throws {
        let (daemon, disk) = try prepared(way)
        try daemon.start(environment: disk.environment)
        let client = try daemon.connect()
        let token = try client.ask(#"{"op":"sign","profile":"web"}"#).text("token")
        // The state takes in that the key has signed, and has nothing more to take in for a minute.
        try daemon.reloadAnew()
        #expect(try signet(daemon, disk, "rotate", "web").status == 0)
        let before = try disk.contents()
        try disk.fill()
        let refused = try daemon.reload()
        let published = disk.directory.appending(path: "public/jwks.json").path
        #expect(refused.errorCode == "reload_failed", "\(refused)")
        #expect(
            refused.errorMessage?.contains("\(published): cannot be published: \(Self.noRoom)") == true, "\(refused)")
        #expect(refused.errorMessage?.contains("has room") == true, "\(refused)")
        #expect(try disk.contents() == before)
        try disk.awaitNoUnfinished()
        #expect(try daemon.status().generation == 2)
        #expect(try client.ask(#"{"op":"sign","profile":"web"}"#).text("kid") == "w1")

        // By force the new key signs all the same; neither file can follow, and both stay what they were.
        let forced = try daemon.reloadAnew(force: true)
        #expect((forced["warnings"] as? [String])?.contains { $0.contains(published) } == true, "\(forced)")
        try awaitResult("the new key's time comes") {
            try client.ask(#"{"op":"sign","profile":"web"}"#).text("kid") != "w1" ? true : nil
        }
        let state = disk.directory.appending(path: "state/state.json").path
        let faults = try daemon.status().faults
        for path in [published, state] {
            #expect(faults.contains { $0.contains(path) && $0.contains(Self.noRoom) }, "\(path): \(faults)")
        }
        #expect(try disk.contents() == before)
        try disk.awaitNoUnfinished()
        #expect(try client.ask(#"{"op":"verify","profile":"web","token":"\#(token)"}"#).isValid == true)

        try disk.makeRoom()
        try daemon.reloadAnew()
        #expect(try daemon.status().faults == [])
        #expect(daemon.log.wait(for: "the state is kept again"))
        let keys = try JWKSet(JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: published)))).keys
        #expect(keys.count == 2)
        try disk.awaitNoUnfinished()
        #expect(daemon.stop() == 0)
        try daemon.start(environment: disk.environment)
        #expect(daemon.log.text.warnings == [])
        #expect(try daemon.verify(token, "web").isValid == true)
    }

    @Test(
        "a daemon that stops and starts on one serves, says so, and has lost nothing", arguments: FullDisk.Way.possible)
    func restart(_ way: FullDisk.Way) throws {
        let (daemon, disk) = try prepared(way)
        try daemon.start(environment: disk.environment)
        let token = try daemon.sign("web", ttl: 600).text("token")
        #expect(try signet(daemon, disk, "rotate", "web", "--reload").status == 0)
        try awaitResult("the new key's time comes") { try daemon.sign("web").text("kid") != "w1" ? true : nil }
        // Else the state could still find room in what the old one gives up.
        let state = disk.directory.appending(path: "state/state.json")
        try awaitResult("the old key's end is in the state") {
            try StateText(at: state).key("w1", of: "web").maySign ? nil : true
        }
        let before = try daemon.status().ring("web").key("w1")
        try disk.fill()
        #expect(daemon.stop() == 0)
        let earliest = Int(Date().timeIntervalSince1970)
        try daemon.start(environment: disk.environment)
        #expect(daemon.log.text.contains("\(state.path): cannot be written: \(Self.noRoom)"), "\(daemon.log.text)")
        #expect(try daemon.verify(token, "web").isValid == true)
        #expect(try daemon.sign("web").text("kid") != "w1")
        // The end could not be written down, so it counts as a crash: longer than true, never shorter.
        let after = try daemon.status().ring("web").key("w1")
        #expect(after.state == "previous")
        let lastBefore = try #require(before.lastExp)
        #expect(try #require(after.lastExp) >= lastBefore)
        let ring = try daemon.status().ring("web")
        let signer = try ring.key(#require(ring.signs))
        #expect(try #require(signer.lastExp) >= earliest + 3_600)
        try disk.makeRoom()
        try daemon.reloadAnew()
        #expect(try daemon.status().faults == [])
        #expect(try signet(daemon, disk, "prune", "web").errors.contains("nothing to remove"))
    }
}
