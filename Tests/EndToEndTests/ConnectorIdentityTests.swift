import Foundation
import Testing

/// What docs/threat-model.md says plainly about who is asking: that a connection is its connector's.
@Suite("A connection is whose it was when it was made", .enabled(if: OtherUser.isPossible, OtherUser.need))
struct ConnectorIdentityTests {
    private let daemon: TestDaemon

    init() throws {
        let settings = TestDaemon.settings(users: ["root"])
        daemon = try TestDaemon(
            settings + "\n[[profile.default.allow]]\noperations = [\"sign\"]\ngroups = [\"shadow\"]\n")
    }

    /// What `sign` gets on a connection after the process, which is root's, has become another caller, and what on a
    /// connection that it makes then.
    private func answers(connecting: String, then change: String) throws -> [String] {
        let script = """
            import grp, json, os, socket, sys
            def connect():
                s = socket.socket(socket.AF_UNIX)
                s.settimeout(60)
                s.connect(sys.argv[1])
                return s
            def ask(s):
                s.sendall(b'{"op":"sign"}\\n')
                answer = json.loads(s.makefile().readline())
                return "ok" if answer["ok"] else answer["error"]["code"]
            \(connecting)
            kept = connect()
            \(change)
            print(ask(kept), ask(connect()))
            """
        let program = try Program.run(Program.python, ["-c", script, daemon.socket])
        try #require(program.status == 0, "\(program.errors)")
        return program.output.split(whereSeparator: \.isWhitespace).map(String.init)
    }

    @Test("PEER-1 whoever holds a connection later is served as who made it; a connection of his own is his")
    func passedOn() throws {
        #expect(try answers(connecting: "", then: "os.setuid(4711)") == ["ok", "not_permitted"])
    }

    @Test("PEER-1 groups are those that the connector had: one that is taken away counts until the connection ends")
    func frozenGroups() throws {
        let answers = try answers(
            connecting: "os.setgroups([grp.getgrnam('shadow').gr_gid]); os.seteuid(4711)",
            then: "os.seteuid(0); os.setgroups([]); os.setuid(4711)")
        #expect(answers == ["ok", "not_permitted"])
    }

    @Test("PEER-1 root of a user namespace is who it is outside, and not the host's root")
    func rootOfAUserNamespace() throws {
        let line = #"{"op":"sign"}"#
        let command = OtherUser.command(
            ["unshare", "--user", "--map-root-user", "nc", "-N", "-U", daemon.socket], as: OtherUser.stranger)
        let program = try Program.run(command[0], Array(command.dropFirst()), input: line + "\n")
        // Where the system lets nobody make a user namespace, nobody passes for its root.
        guard !program.errors.contains("unshare") else { return }
        let answer = Answer(program.output)
        #expect(answer.errorCode == "not_permitted", "\(program.output) \(program.errors)")
    }
}
