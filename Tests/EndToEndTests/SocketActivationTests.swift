import Foundation
import POSIX
import Testing

@Suite("Sockets that the service manager passes")
struct SocketActivationTests {
    private let daemon: TestDaemon

    init() throws { daemon = try TestDaemon(prepared: TestDaemon.settings()) }

    private func path(_ name: String) -> String { daemon.directory.appending(path: name).path }

    /// What turns into the daemon with these sockets; see pass_sockets.py.
    private func passing(_ arguments: [String]) -> [String] {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "pass_sockets.py").path
        return [Program.python.path, script] + arguments + ["--"]
    }

    private func refusal(_ arguments: [String]) throws -> (status: Int32, log: String) {
        try daemon.launch(wrapper: passing(arguments))
        daemon.process.waitUntilExit()
        return (daemon.process.terminationStatus, daemon.log.rest())
    }

    @Test("It serves at what is passed and binds nothing itself; the file stays when it ends")
    func served() throws {
        try daemon.start(wrapper: passing(["listen:signetd.socket:\(path("passed"))"]))
        #expect(daemon.log.text.contains("listening on \(path("passed")) (the service manager's)"))
        #expect(try LineClient(path("passed")).ask(#"{"op":"sign"}"#).isOK)
        #expect(!FileManager.default.fileExists(atPath: daemon.socket))
        #expect(daemon.stop() == 0)
        #expect(FileManager.default.fileExists(atPath: path("passed")))
    }

    @Test("Who has connected before the start is answered")
    func early() throws {
        // The line lies in the socket before the daemon is there: the wrapper waits for it.
        try daemon.launch(wrapper: passing(["listen:signet:\(path("passed"))"]))
        let client = try awaitResult("the socket listens") { try? LineClient(path("passed")) }
        #expect(try client.ask(#"{"op":"sign"}"#).isOK)
    }

    @Test("Several sockets are served alike", arguments: ["signet", "other.socket"])
    func several(name: String) throws {
        try daemon.start(
            wrapper: passing(["listen:signet:\(path("a"))", "listen:\(name):\(path("b"))"]))
        for name in ["a", "b"] {
            let answer = try LineClient(path(name)).ask(#"{"op":"status"}"#)
            #expect(answer.isOK && answer["pid"] != nil, "\(answer)")
        }
    }

    @Test("Where a socket is named for admins, what is for admins is done there only")
    func adminSocket() throws {
        try daemon.start(
            wrapper: passing(["listen:signetd.socket:\(path("all"))", "listen:admin:\(path("admin"))"]))
        #expect(daemon.log.wait(for: "listening on \(path("admin")) (the service manager's, for admins)"))
        let (all, admin) = (try LineClient(path("all")), try LineClient(path("admin")))
        for client in [all, admin] { #expect(try client.ask(#"{"op":"sign"}"#).isOK) }
        let asOther = #"{"op":"explain","as":{"user":"nobody-there"}}"#
        let refused = [#"{"op":"reload"}"#, asOther]
        for line in refused {
            let answer = try all.ask(line)
            #expect(answer.errorCode == "not_permitted")
            #expect(answer.errorMessage?.hasSuffix("for admins, at their own socket") == true, "\(answer)")
        }
        #expect(try all.ask(#"{"op":"status"}"#)["pid"] == nil)
        #expect(try all.ask(#"{"op":"sign","profile":"none"}"#).errorCode == "not_permitted")
        #expect(try admin.ask(#"{"op":"status"}"#)["pid"] != nil)
        #expect(try admin.ask(#"{"op":"sign","profile":"none"}"#).errorCode == "unknown_profile")
        #expect(try admin.ask(#"{"op":"reload"}"#).isOK)
    }

    @Test(
        "The socket for admins admits admins as such, and nobody else",
        .enabled(if: OtherUser.isPossible, OtherUser.need))
    func strangerAtAdminSocket() throws {
        try daemon.start(wrapper: passing(["listen:signet:\(path("all"))", "listen:admin:\(path("admin"))"]))
        let command = OtherUser.command(["nc", "-N", "-U", path("admin")], as: OtherUser.stranger)
        let answer = try Program.run(command[0], Array(command.dropFirst()), input: "{\"op\":\"reload\"}\n")
        #expect(Answer(answer.output).errorMessage == "\"reload\" is for admins", "\(answer)")
    }

    @Test("Variables that are another process's are nobody's word: the daemon binds its own socket")
    func foreignPID() throws {
        try daemon.start(wrapper: passing(["--pid", "1", "listen:signet:\(path("passed"))"]))
        #expect(try daemon.connect().ask(#"{"op":"sign"}"#).isOK)
        #expect(daemon.log.text.contains("listening on \(daemon.socket) (mode 0666)"))
    }

    @Test(
        "What cannot be understood ends the start, and says why",
        arguments: [
            (["--pid", "self"], "LISTEN_PID, LISTEN_FDS or LISTEN_FDNAMES cannot be understood"),
            (["--fds", "two"], "LISTEN_PID, LISTEN_FDS or LISTEN_FDNAMES cannot be understood"),
            (["--fds", "-1"], "LISTEN_PID, LISTEN_FDS or LISTEN_FDNAMES cannot be understood"),
            (["--names", "signet:signet"], "LISTEN_PID, LISTEN_FDS or LISTEN_FDNAMES cannot be understood"),
            (["--names", "admn"], #"passes a socket named "admn": FileDescriptorName= is admin or signet"#),
            (["--names", "admin"], "passes no socket but for admins: one needs the FileDescriptorName= signet"),
        ])
    func misunderstood(options: [String], message: String) throws {
        let (status, log) = try refusal(options + ["listen:signet:\(path("passed"))"])
        #expect(status == 1)
        #expect(log.contains(message), "\(log)")
    }

    @Test("What is no listening stream socket ends the start", arguments: ["stream", "datagram"])
    func wrongKind(kind: String) throws {
        let (status, log) = try refusal(["listen:signet:\(path("a"))", "\(kind):signet:\(path("b"))"])
        #expect(status == 1)
        #expect(log.contains("descriptor 4 is no listening stream socket of the Unix domain"), "\(log)")
    }
}
