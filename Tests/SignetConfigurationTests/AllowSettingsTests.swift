import SignetConfiguration
import StrictJSON
import Testing

@Suite struct AllowSettingsTests {
    private let head = "[[profile.default.allow]]\n"

    @Test("an entry's place and what it grants are kept, in the order of the file")
    func entries() throws {
        let profile = try profile(
            """
            allowed_claims = ["sub", "email"]
            [[profile.default.allow]]
            operations = ["verify"]
            users = ["*"]

            [[profile.default.allow]]
            operations = ["sign", "verify"]
            users = ["web", "\u{E9}"]
            groups = ["g"]
            units = ["register.service", "web@7.service"]
            audiences = ["b"]
            allowed_claims = ["email"]
            max_ttl = "1h"
            rate = 2000
            """)
        #expect(profile.allow.map(\.position.brief) == ["signetd.toml:7", "signetd.toml:11"])
        #expect(profile.allow.map(\.operations) == [[.verify], [.sign, .verify]])
        #expect(profile.allow.map(\.users) == [.everyone, .named(["web", ByteString("\u{E9}")])])
        #expect(profile.allow.map(\.groups) == [nil, ["g"]])
        #expect(profile.allow.map(\.units) == [nil, ["register.service", "web@7.service"]])
        #expect(profile.allow.map(\.audiences) == [["https://api.example.com", "b"], ["b"]])
        #expect(profile.allow.map(\.allowedClaims) == [.named(["sub", "email"]), .named(["email"])])
        #expect(profile.allow.map(\.maxTTL) == [604_800, 3_600])
        #expect(profile.allow.map(\.rate) == [nil, 2_000])
    }

    @Test("a rate is from 1 to 1,000,000 requests a second, for content of either kind", arguments: [1, 1_000_000])
    func rates(_ rate: Int) throws {
        let entry = head + "operations = [\"sign\"]\nusers = [\"a\"]\nrate = \(rate)"
        #expect(try profile(entry).allow.map(\.rate) == [Int64(rate)])
        let bytes = "[keyring.k]\nalgorithm = \"HS512\"\n[profile.k]\ncontent = \"bytes\"\ntype = \"hook\"\n"
        #expect(problems(bytes + entry.replacing("default", with: "k")) == [])
    }

    @Test(
        "and nothing else",
        arguments: [
            ("0", "must be from 1 to 1000000, found 0"), ("-1", "must be from 1 to 1000000, found -1"),
            ("1000001", "must be from 1 to 1000000, found 1000001"),
            ("\"2000\"", "must be an integer, found a string"), ("true", "must be an integer, found a boolean"),
        ])
    func refusedRates(_ rate: String, _ problem: String) {
        let entry = head + "operations = [\"sign\"]\nusers = [\"a\"]\nrate = \(rate)"
        #expect(
            problems(soundProfile + "\n" + entry) == ["9:8: 'rate' in [[profile.default.allow]] \(problem)"])
    }

    @Test(
        "who is said by users, groups, units or several of them",
        arguments: [
            "users = [\"a\"]", "groups = [\"g\"]", "users = [\"*\"]\ngroups = [\"g\"]",
            "units = [\"register.service\"]", "groups = [\"g\"]\nunits = [\"a.scope\"]",
            "users = [\"*\"]\nunits = [\"a.service\"]",
        ])
    func who(_ lines: String) {
        #expect(problems(soundProfile + "\n" + head + "operations = [\"sign\"]\n" + lines) == [])
    }

    @Test(
        "PEER-1 an entry that does not say who, or says it loosely, is refused",
        arguments: [
            (
                "",
                "6:1: [[profile.default.allow]] needs at least one of 'users', 'groups' and 'units'; "
                    + "everyone is users = [\"*\"]"
            ),
            (
                "users = []",
                "8:9: 'users' in [[profile.default.allow]] must not be empty; leave it out for its default"
            ),
            (
                "users = [\"*\", \"a\"]",
                "8:9: 'users' in [[profile.default.allow]] must be [\"*\"] for everyone, or names, not both"
            ),
            (
                "groups = [\"*\"]",
                "8:10: 'groups' in [[profile.default.allow]] must be names; everyone is users = [\"*\"]"
            ), ("users = [\"\"]", "8:10: 'users' in [[profile.default.allow]] must not be empty"),
            ("users = [0]", "8:10: 'users' in [[profile.default.allow]] must hold strings only, found an integer"),
            (
                "groups = []",
                "8:10: 'groups' in [[profile.default.allow]] must not be empty; leave it out for its default"
            ),
            (
                "units = []",
                "8:9: 'units' in [[profile.default.allow]] must not be empty; leave it out for its default"
            ),
            ("users = \"a\"", "8:9: 'users' in [[profile.default.allow]] must be an array of strings, found a string"),
        ])
    func refusedWho(_ lines: String, _ problem: String) {
        #expect(problems(soundProfile + "\n" + head + "operations = [\"sign\"]\n" + lines) == [problem])
    }

    @Test(
        "names of units are those that processes can run in",
        arguments: [
            "a.service", "web@7.service", "session-c2.scope", "dbus.socket", "home-a.mount", "dev-sda1.swap",
            "org.example.Register.service", "a\\\\x2db:c_d.service",
        ])
    func unitNames(_ name: String) throws {
        let entry = head + "operations = [\"sign\"]\nunits = [\"\(name)\"]"
        #expect(problems(soundProfile + "\n" + entry) == [])
    }

    @Test(
        "PEER-2 and no others: no star, no pattern, no path, no template, no bare name",
        arguments: [
            "*", "*.service", "register", "register.", ".service", "register.service.", "a b.service", "a/b.service",
            "system.slice/a.service", "user@1000.service/a.service", "web@.service", "@web.service", "a.slice",
            "a.timer", "a.target", "a.Service", "caf\u{E9}.service", String(repeating: "a", count: 248) + ".service",
        ])
    func refusedUnitNames(_ name: String) throws {
        let entry = head + "operations = [\"sign\"]\nusers = [\"a\"]\nunits = [\"b.service\", \"\(name)\"]"
        let found = problems(soundProfile + "\n" + entry)
        #expect(found.count == 1)
        let isTold = found.first?.hasPrefix("9:9: 'units' in [[profile.default.allow]] must hold names of system units")
        #expect(isTold == true)
        #expect(found.first?.hasSuffix("did you mean 'register.service'?") == (name == "register"))
    }

    @Test(
        "operations are sign, verify or both",
        arguments: ["", "operations = []\n", "operations = [\"sgin\"]\n", "operations = [\"sign\", \"sign\"]\n"])
    func refusedOperations(_ line: String) {
        #expect(problems(soundProfile + "\n" + head + line + "users = [\"a\"]").count == 1)
    }

    @Test(
        "CLM-4 an entry grants some of the profile's audiences, claims and time",
        arguments: [
            "audiences = [\"b\"]", "audiences = [\"b\", \"https://api.example.com\"]", "allowed_claims = [\"sub\"]",
            "max_ttl = \"7d\"", "max_ttl = \"1s\"",
        ])
    func withinProfile(_ line: String) {
        let entry = head + "operations = [\"sign\"]\nusers = [\"a\"]\n" + line
        #expect(problems(soundProfile + "\n" + entry) == [])
    }

    @Test(
        "CLM-4 and nothing beyond",
        arguments: [
            "audiences = [\"B\"]", "audiences = []", "audiences = [\"c\"]", "allowed_claims = [\"sub\", \"email\"]",
            "allowed_claims = [\"*\"]", "allowed_claims = []", "max_ttl = \"8d\"", "max_ttl = \"0s\"",
        ])
    func beyondProfile(_ line: String) {
        let entry = head + "operations = [\"sign\"]\nusers = [\"a\"]\n" + line
        let found = problems(soundProfile + "\nallowed_claims = [\"sub\"]\n" + entry)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("10:") == true)
    }

    @Test(
        "allow is an array of tables",
        arguments: [
            "[profile.default.allow]\nusers = [\"a\"]", "allow = []", "allow = [\"web\"]", "allow = true",
        ])
    func refusedShapes(_ lines: String) {
        #expect(problems(soundProfile + "\n" + lines).count == 1)
    }
}
