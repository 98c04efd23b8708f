import Foundation
import Testing

@Suite("Names of users and groups in allow entries")
struct UserNameTests {
    @Test("A name that the system does not know matches nobody, with a warning, and the others of its list do")
    func unknown() throws {
        let daemon = try TestDaemon(
            TestDaemon.settings(users: ["no-such-user", NSUserName()]) + """

                [[profile.default.allow]]
                operations = ["verify"]
                groups = ["no-such-group"]
                """)
        #expect(daemon.log.text.contains("signetd.toml:15:1: there is no user \"no-such-user\"; it matches nobody"))
        #expect(daemon.log.text.contains("signetd.toml:19:1: there is no group \"no-such-group\"; it matches nobody"))
        let client = try daemon.connect()
        #expect(try client.ask(#"{"op":"sign"}"#).isOK)
        let refused = try client.ask(#"{"op":"explain","as":{"user":"no-such-user"}}"#)
        #expect(refused.errorCode == "not_permitted")
    }

    @Test("PEER-2 a name whose id others may get matches nobody, with a warning that says what to name instead")
    func recycled() throws {
        let daemon = try TestDaemon(
            TestDaemon.settings(users: ["nobody"]) + """

                [[profile.default.allow]]
                operations = ["sign"]
                groups = ["nogroup"]
                """)
        #expect(
            daemon.log.text.contains(
                "user \"nobody\" is uid 65534, which others may get: it matches nobody; name the unit"))
        #expect(
            daemon.log.text.contains(
                "group \"nogroup\" is gid 65534, which others may get: it matches nobody; name the unit"))
        for who in [#"{"user":"nobody"}"#, #"{"groups":["nogroup"]}"#] {
            let answer = try daemon.connect().ask(#"{"op":"explain","as":\#(who)}"#)
            #expect(answer.errorCode == "not_permitted")
        }
    }
}
