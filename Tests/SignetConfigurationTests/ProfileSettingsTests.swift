import SignetConfiguration
import JOSE
import StrictJSON
import Testing

@Suite struct ProfileSettingsTests {
    @Test("a profile with only what is required has the defaults")
    func defaults() throws {
        let profile = try profile("")
        #expect(profile.name == "default")
        #expect(profile.position.description == "dir/signetd.toml:3:1")
        #expect(profile.position.brief == "signetd.toml:3")
        #expect(profile.keyring == "default")
        #expect(profile.issuer == "https://auth.example.com")
        #expect(profile.audiences == ["https://api.example.com", "b"])
        #expect(profile.ttl == 900)
        #expect(profile.maxTTL == 604_800)
        #expect(profile.leeway == 30)
        #expect(profile.backdate == 0)
        #expect(profile.type == "JWT")
        #expect(profile.requiredClaims == [])
        #expect(profile.allowedClaims == .any)
        #expect(profile.fixedClaims == [])
        #expect(profile.allow == [])
    }

    @Test("a ring has its algorithm and its directory, by default below the file's own")
    func keyrings() throws {
        let rings = try decode(
            """
            [keyring.a]
            algorithm = "HS256"
            [keyring."b.c"]
            algorithm = "HS512"
            directory = "/var/keys"
            """
        ).settings.keyrings
        #expect(rings.map(\.name) == ["a", "b.c"])
        #expect(rings.map(\.algorithm) == [.hs256, .hs512])
        #expect(rings.map(\.directory) == ["/etc/signet/keys/a", "/var/keys"])
        #expect(rings.map(\.position.line) == [1, 3])
    }

    @Test("ALG-1 every algorithm there is can be named", arguments: Algorithm.allCases)
    func algorithms(_ algorithm: Algorithm) throws {
        #expect(
            try decode("[keyring.a]\nalgorithm = \"\(algorithm.name)\"").settings.keyrings.first?.algorithm == algorithm
        )
    }

    @Test(
        "ALG-2 any other name is refused, none in every spelling", arguments: ["none", "None", "", "hs512", "HS512 "])
    func unknownAlgorithms(_ name: String) {
        let found = problems("[keyring.a]\nalgorithm = \"\(name)\"")
        #expect(found.count == 1)
        #expect(found.first?.contains("must be one of \(knownAlgorithms)") == true)
    }

    @Test("names of rings and profiles", arguments: ["a", "0", "a.b", "web-v2_x", "a-"])
    func names(_ name: String) {
        #expect(problems("[keyring.\"\(name)\"]\nalgorithm = \"HS512\"") == [])
    }

    @Test("other names are refused", arguments: ["A", "-a", ".a", "..", "a/b", "a b", "", "\u{E9}", "\u{212A}", "_a"])
    func refusedNames(_ name: String) {
        let found = problems("[keyring.\"\(name)\"]\nalgorithm = \"HS512\"")
        #expect(found.count == 1)
        #expect(found.first?.contains("is no name for a keyring") == true)
    }

    @Test(
        "settings are taken over, up to their bounds",
        arguments: [
            ("ttl = \"7d\"", \.ttl, 604_800), ("ttl = \"1s\"", \.ttl, 1),
            ("max_ttl = \"2147483647s\"", \.maxTTL, 2_147_483_647), ("max_ttl = \"15m\"", \.maxTTL, 900),
            ("leeway = \"10m\"", \.leeway, 600), ("leeway = \"0s\"", \.leeway, 0),
            ("backdate = \"60s\"", \.backdate, 60),
        ] as [(String, any KeyPath<ProfileSettings, Int64> & Sendable, Int64)])
    func durations(_ line: String, _ setting: any KeyPath<ProfileSettings, Int64> & Sendable, _ expected: Int64) throws
    {
        #expect(try profile(line)[keyPath: setting] == expected)
    }

    @Test(
        "durations beyond their bounds, or of another form, are refused",
        arguments: [
            "ttl = \"0s\"", "ttl = \"8d\"", "max_ttl = \"2147483648s\"", "max_ttl = \"14m\"", "leeway = \"601s\"",
            "backdate = \"61s\"", "ttl = \"15\"", "ttl = \"m\"", "ttl = \"1.5h\"", "ttl = \"-1s\"", "ttl = \"+1s\"",
            "ttl = \"15 m\"", "ttl = \"1w\"", "ttl = \"\"", "ttl = \"9223372036854775808s\"", "ttl = \"15M\"",
            "ttl = \"999999999999999999d\"", "ttl = 900", "ttl = \"1h30m\"", "ttl = \"\u{661}s\"",
        ])
    func refusedDurations(_ line: String) {
        let found = problems(soundProfile + "\n" + line)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("6:") == true)
    }

    @Test("HDR-6 a type is printable ASCII", arguments: ["at+jwt", "x", "~ "])
    func types(_ type: String) throws {
        #expect(try profile("type = \"\(type)\"").type == ByteString(type))
    }

    @Test("HDR-6 any other type is refused", arguments: ["", "\u{E9}", "a\\tb", "a\\u007f"])
    func refusedTypes(_ type: String) {
        #expect(problems(soundProfile + "\ntype = \"\(type)\"").count == 1)
    }

    @Test("a profile takes the ring of its own name before the default one")
    func ownKeyring() throws {
        let rings = "[keyring.a]\nalgorithm = \"HS512\"\n[keyring.default]\nalgorithm = \"HS512\"\n"
        let members = "issuer = \"i\"\naudiences = [\"a\"]\n"
        func ring(_ text: String) throws -> ByteString? { try decode(rings + text).settings.profiles.first?.keyring }
        #expect(try ring("[profile.a]\n" + members) == "a")
        #expect(try ring("[profile.b]\n" + members) == "default")
        #expect(try ring("[profile.a]\nkeyring = \"default\"\n" + members) == "default")
    }

    @Test("a profile without a defined ring is refused")
    func missingKeyring() {
        let members = "issuer = \"i\"\naudiences = [\"a\"]\n"
        #expect(
            problems("[profile.web]\n" + members)
                == ["1:1: [profile.web] needs 'keyring': neither [keyring.web] nor [keyring.default] is defined"])
        #expect(
            problems("[profile.default]\n" + members)
                == ["1:1: [profile.default] needs 'keyring': no [keyring.default] is defined"])
        #expect(
            problems(soundProfile + "\nkeyring = \"defualt\"")
                == [
                    "6:11: 'keyring' in [profile.default] names \"defualt\", which no [keyring.NAME] defines; "
                        + "did you mean 'default'?"
                ])
    }

    @Test("issuer and audiences are required, and hold something")
    func required() {
        let ring = "[keyring.default]\nalgorithm = \"HS512\"\n"
        #expect(
            problems(ring + "[profile.default]") == [
                "3:1: [profile.default] needs 'issuer': the tokens' iss",
                "3:1: [profile.default] needs 'audiences': the tokens' aud, the default first",
            ])
        #expect(
            problems(ring + "[profile.default]\nissuer = \"\"\naudiences = [\"a\", \"a\"]") == [
                "4:10: 'issuer' in [profile.default] must not be empty",
                "5:19: 'audiences' in [profile.default] names \"a\" twice",
            ])
        #expect(problems(ring + "[profile.default]\nissuer = \"i\"\naudiences = []").count == 1)
        #expect(problems(ring + "[profile.default]\nissuer = \"i\"\naudiences = [1]").count == 1)
    }

    @Test("UNI-1 audiences that Unicode calls equal are two audiences")
    func audiencesAreBytes() throws {
        let text = """
            [keyring.default]
            algorithm = "HS512"
            [profile.default]
            issuer = "i"
            audiences = ["svc-K", "svc-\u{212A}", "\u{E9}", "e\u{301}"]
            """
        #expect(try decode(text).settings.profiles.first?.audiences.count == 4)
        #expect(problems(text.replacing("\u{212A}", with: "K")).count == 1)
    }
}
