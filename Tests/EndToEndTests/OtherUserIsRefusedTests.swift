import Foundation
import Testing

@Suite("Another user is refused", .enabled(if: OtherUser.isPossible, OtherUser.need))
struct OtherUserIsRefusedTests {
    /// One line of each operation that needs permission, with a name or without.
    private static let lines =
        [
            #"{"id":1,"op":"sign"}"#, #"{"id":"x","op":"sign","profile":"web","claims":{"sub":"1"},"ttl":60}"#,
            #"{"op":"sign","profile":"web","payload":"AAAA"}"#, #"{"op":"verify","token":"TOKEN"}"#,
            #"{"op":"verify","profile":"web","token":"TOKEN"}"#, #"{"op":"verify","profile":"web","token":"a.b.c"}"#,
            #"{"op":"explain"}"#, #"{"op":"explain","profile":"web"}"#,
            #"{"op":"explain","profile":"web","as":{"user":"root"}}"#, #"{"op":"jwks"}"#,
            #"{"op":"jwks","keyring":"web"}"#, #"{"op":"reload"}"#, #"{"op":"reload","force":true}"#,
        ]

    /// A daemon that has a profile and a keyring `web`, or has not.
    private func daemon(hasWeb: Bool) throws -> TestDaemon {
        let web = """

            [keyring.web]
            algorithm = "ES256"
            [profile.web]
            issuer = "https://auth.example.com"
            audiences = ["https://api.example.com"]
            [[profile.web.allow]]
            operations = ["sign", "verify"]
            users = ["root"]
            """
        let daemon = try TestDaemon(prepared: TestDaemon.settings(users: ["root"]) + (hasWeb ? web : ""))
        if hasWeb { try daemon.makeKey(in: "web", "ES256", kid: "web") }
        try daemon.start()
        return daemon
    }

    @Test("PEER-1 who has no entry is refused every operation, with the same bytes for what exists and what does not")
    func noEntry() throws {
        let (with, without) = (try daemon(hasWeb: true), try daemon(hasWeb: false))
        let token = try with.sign("web").text("token")
        let lines = Self.lines.map { $0.replacingOccurrences(of: "TOKEN", with: token) }
        for user in [OtherUser.stranger, OtherUser.neighbour, OtherUser.nobody] {
            let existing = try OtherUser.ask(with, as: user, lines)
            let missing = try OtherUser.ask(without, as: user, lines)
            try #require(existing.count == lines.count && missing.count == lines.count)
            for (line, (existing, missing)) in zip(lines, zip(existing, missing)) {
                #expect(existing.errorCode == "not_permitted", "\(user), \(line): \(existing)")
                #expect(existing.line == missing.line, "\(user), \(line)")
            }
            #expect(existing[0]["id"] as? Int == 1 && existing[1].text("id") == "x")
        }
        #expect(with.log.wait(for: " op=sign uid=\(OtherUser.stranger) "))
    }

    @Test("What anyone may see is all that a stranger sees, and nobody too")
    func open() throws {
        let daemon = try daemon(hasWeb: true)
        for user in [OtherUser.stranger, OtherUser.nobody] {
            let answers = try OtherUser.ask(daemon, as: user, [#"{"op":"ping"}"#, #"{"op":"status"}"#])
            try #require(answers.count == 2)
            #expect(answers[0].isOK && answers[1].isOK)
            #expect(answers[1].members == ["generation", "ok", "uptime", "version"])
        }
    }

    @Test("PEER-2 the overflow uid is nobody, also where everyone is allowed and where it is named an admin")
    func overflowUID() throws {
        let daemon = try TestDaemon(
            TestDaemon.settings(
                users: ["*"], server: "admin = { users = [\"root\", \"nobody\"], groups = [\"nogroup\"] }"))
        let lines = Self.lines.filter { !$0.contains("web") }
        #expect(try OtherUser.ask(daemon, as: OtherUser.stranger, [#"{"op":"sign"}"#]).first?.isOK == true)
        let answers = try OtherUser.ask(daemon, as: OtherUser.nobody, lines + [#"{"op":"status"}"#])
        try #require(answers.count == lines.count + 1)
        #expect(answers.dropLast().allSatisfy { $0.errorCode == "not_permitted" }, "\(answers)")
        #expect(answers.last?.members == ["generation", "ok", "uptime", "version"])
    }

    @Test("An entry by group holds for the primary group and for a supplementary one, and for no other")
    func groups() throws {
        let daemon = try TestDaemon(
            TestDaemon.settings(users: ["*"]).replacingOccurrences(of: "users = [\"*\"]", with: "groups = [\"adm\"]"))
        let lines = [#"{"op":"sign"}"#, #"{"op":"explain"}"#, #"{"op":"jwks"}"#, #"{"op":"verify","token":"a.b.c"}"#]
        func outcomes(group: String? = nil, groups: String? = nil) throws -> [String] {
            try OtherUser.ask(daemon, as: OtherUser.stranger, group: group, groups: groups, lines)
                .map { $0.isOK ? "ok" : $0.errorCode ?? $0.line }
        }
        let (served, refused) = (lines.map { _ in "ok" }, lines.map { _ in "not_permitted" })
        #expect(try outcomes(group: "adm") == served)
        #expect(try outcomes(groups: "adm") == served)
        #expect(try outcomes(groups: "tty,adm") == served)
        #expect(try outcomes(group: "tty", groups: "tty") == refused)
        #expect(try outcomes() == refused)
    }
}
