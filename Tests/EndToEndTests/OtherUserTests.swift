import Foundation
import Testing

@Suite("Another user", .enabled(if: geteuid() == 0, "needs root to become another user"))
struct OtherUserTests {
    /// uids that no account has.
    static let stranger = "4711"

    @Test("PEER-1 a user without an entry gets not_permitted for every profile, existing or not")
    func strangerIsRefused() throws {
        let daemon = try TestDaemon(TestDaemon.settings(users: ["root"]))
        let answers = try ask(
            daemon, as: Self.stranger,
            [
                #"{"op":"ping"}"#, #"{"op":"sign"}"#, #"{"op":"sign","profile":"default"}"#,
                #"{"op":"sign","profile":"missing"}"#, #"{"op":"verify","token":"a.b.c"}"#, #"{"op":"explain"}"#,
            ])
        try #require(answers.count == 6)
        #expect(answers[0].isOK)
        #expect(answers[1...].allSatisfy { $0.errorCode == "not_permitted" })
        let (existing, missing) = (answers[2].line, answers[3].line)
        #expect(existing.replacingOccurrences(of: "default", with: "missing") == missing)
        #expect(daemon.log.wait(for: "refused uid \(Self.stranger)"))
    }

    @Test("PEER-2 the overflow uid is nobody, also where everyone is allowed")
    func overflowUID() throws {
        let daemon = try TestDaemon(TestDaemon.settings(users: ["*"]))
        #expect(try ask(daemon, as: Self.stranger, [#"{"op":"sign"}"#]).first?.isOK == true)
        #expect(try ask(daemon, as: "65534", [#"{"op":"sign"}"#]).first?.errorCode == "not_permitted")
    }

    @Test("An entry by group holds for a supplementary group, and for no other")
    func groups() throws {
        let daemon = try TestDaemon(
            TestDaemon.settings(users: ["*"]).replacingOccurrences(of: "users = [\"*\"]", with: "groups = [\"adm\"]"))
        let sign = #"{"op":"sign"}"#
        #expect(try ask(daemon, as: Self.stranger, groups: "adm", [sign]).first?.isOK == true)
        #expect(try ask(daemon, as: Self.stranger, groups: "tty", [sign]).first?.errorCode == "not_permitted")
    }

    @Test("A connection beyond a user's limit gets one overloaded line; others are served")
    func connectionsPerUser() throws {
        let daemon = try TestDaemon(
            TestDaemon.settings(users: ["*"], server: "max_connections_per_user = 2"))
        let script = """
            import socket, sys
            def connect():
                s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); return s
            def ask(s):
                s.sendall(b'{"op":"ping"}\\n'); return s.makefile().readline()
            first, second = connect(), connect()
            assert '"ok":true' in ask(first) and '"ok":true' in ask(second)
            third = connect()
            print(third.makefile().read(), end="")
            """
        let program = try run(Program.python.path, ["-c", script, daemon.socket], as: Self.stranger)
        #expect(Answer(program.output).errorCode == "overloaded", "\(program.errors)")
        #expect(try daemon.connect().ask(#"{"op":"ping"}"#).isOK)
    }

    private func ask(
        _ daemon: TestDaemon, as user: String, groups: String? = nil, _ lines: [String]
    ) throws -> [Answer] {
        let input = lines.map { $0 + "\n" }.joined()
        let program = try run("nc", ["-N", "-U", daemon.socket], as: user, groups: groups, input: input)
        return program.output.split(separator: "\n").map { Answer(String($0)) }
    }

    private func run(
        _ name: String, _ arguments: [String], as user: String, groups: String? = nil, input: String = ""
    ) throws -> Program {
        let membership = groups.map { "--groups=\($0)" } ?? "--clear-groups"
        return try Program.run(
            "setpriv", ["--reuid=\(user)", "--regid=\(user)", membership, name] + arguments, input: input)
    }
}
