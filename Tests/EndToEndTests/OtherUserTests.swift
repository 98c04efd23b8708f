import Foundation
import Testing

@Suite("Another user", .enabled(if: geteuid() == 0, "needs root to become another user"))
struct OtherUserTests {
    @Test("PEER-1 a user without an entry gets not_permitted for every profile, existing or not")
    func strangerIsRefused() throws {
        let daemon = try TestDaemon(TestDaemon.settings(users: ["root"]))
        let answers = try OtherUser.ask(
            daemon, as: OtherUser.stranger,
            [
                #"{"op":"ping"}"#, #"{"op":"sign"}"#, #"{"op":"sign","profile":"default"}"#,
                #"{"op":"sign","profile":"missing"}"#, #"{"op":"verify","token":"a.b.c"}"#, #"{"op":"explain"}"#,
            ])
        try #require(answers.count == 6)
        #expect(answers[0].isOK)
        #expect(answers[1...].allSatisfy { $0.errorCode == "not_permitted" })
        let (existing, missing) = (answers[2].line, answers[3].line)
        #expect(existing.replacingOccurrences(of: "default", with: "missing") == missing)
        #expect(daemon.log.wait(for: " op=sign uid=\(OtherUser.stranger) "))
    }

    @Test("PEER-2 the overflow uid is nobody, also where everyone is allowed")
    func overflowUID() throws {
        let daemon = try TestDaemon(TestDaemon.settings(users: ["*"]))
        #expect(try OtherUser.ask(daemon, as: OtherUser.stranger, [#"{"op":"sign"}"#]).first?.isOK == true)
        #expect(try OtherUser.ask(daemon, as: "65534", [#"{"op":"sign"}"#]).first?.errorCode == "not_permitted")
    }

    @Test("An entry by group holds for a supplementary group, and for no other")
    func groups() throws {
        let daemon = try TestDaemon(
            TestDaemon.settings(users: ["*"]).replacingOccurrences(of: "users = [\"*\"]", with: "groups = [\"adm\"]"))
        let sign = #"{"op":"sign"}"#
        #expect(try OtherUser.ask(daemon, as: OtherUser.stranger, groups: "adm", [sign]).first?.isOK == true)
        #expect(
            try OtherUser.ask(daemon, as: OtherUser.stranger, groups: "tty", [sign]).first?.errorCode == "not_permitted"
        )
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
        let program = try OtherUser.run(Program.python.path, ["-c", script, daemon.socket], as: OtherUser.stranger)
        #expect(Answer(program.output).errorCode == "overloaded", "\(program.errors)")
        #expect(try daemon.connect().ask(#"{"op":"ping"}"#).isOK)
    }
}
