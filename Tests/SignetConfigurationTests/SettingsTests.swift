import SignetConfiguration
import Testing

@Suite struct SettingsTests {
    private func profiles(_ first: String, _ second: String, rings: [String] = ["default"]) -> String {
        rings.map { "[keyring.\($0)]\nalgorithm = \"HS512\"\n" }.joined()
            + "[profile.a]\n\(first)\n[profile.b]\n\(second)\n"
    }

    @Test("all problems of a file are reported together, in the order of the file")
    func allProblems() {
        let text = """
            [keyring.default]
            algoritm = "HS512"
            [server]
            max_connections = "many"
            [profile.default]
            isuer = "i"
            audiences = ["a"]
            leeway = "1d"
            [profil.x]
            """
        #expect(
            problems(text) == [
                "1:1: [keyring.default] needs 'algorithm': one of \(knownAlgorithms)",
                "2:1: unknown key \"algoritm\" in [keyring.default]; did you mean 'algorithm'?",
                "4:19: 'max_connections' in [server] must be an integer, found a string",
                "5:1: [profile.default] needs 'issuer': the tokens' iss",
                "6:1: unknown key \"isuer\" in [profile.default]; did you mean 'issuer'?",
                "8:10: 'leeway' in [profile.default] must be from 0s to 10m, found \"1d\"",
                "9:2: unknown key \"profil\" in this file; did you mean 'profile'?",
            ])
    }

    @Test("an error names file, line and column, one problem a line")
    func description() throws {
        do throws(ConfigurationError) {
            _ = try decode("x = 1\ny = 2\n")
            Issue.record("accepted")
        } catch {
            #expect(
                error.description
                    == "dir/signetd.toml:1:1: unknown key \"x\" in this file\n"
                    + "dir/signetd.toml:2:1: unknown key \"y\" in this file")
        }
    }

    @Test(
        "what is no TOML is refused at its place",
        arguments: [
            ("[server", "1:8: expected the header's end, ']' or ']]'"),
            (
                "[server]\nmax_connections = 99999999999999999999",
                "2:19: the integer \"99999999999999999999\" is out of range"
            ), ("[server]\n[server]", "2:2: \"server\" is defined already, at line 1"),
            (
                "[server]\nsocket = /run/x",
                "2:10: \"/run/x\" is no value: expected a quoted string, an integer, true, false, an array or a table"
            ),
        ])
    func notTOML(_ text: String, _ problem: String) {
        #expect(problems(text) == [problem])
    }

    @Test(
        "tables that are something else are refused",
        arguments: [
            "server = 1", "keyring = []", "[[server]]", "[[keyring]]\nalgorithm = \"HS512\"",
            "[keyring]\nalgorithm = \"HS512\"", "profile = \"default\"",
        ])
    func wrongShapes(_ text: String) {
        #expect(problems(text).count == 1)
    }

    @Test("foreign names are shown escaped, so that none can forge a line of the log")
    func escapedNames() {
        #expect(problems("\"a\\n\\u001b[2J\" = 1") == ["1:1: unknown key \"a\\x0a\\x1b[2J\" in this file"])
    }

    @Test("a file of nothing but mistakes is reported up to a bound")
    func manyProblems() {
        #expect(problems((0..<5_000).map { "k\($0) = 1\n" }.joined()).count == 100)
    }

    @Test(
        "CLM-3 two profiles share a ring if issuer, explicit type or audiences tell their tokens apart",
        arguments: [
            ("issuer = \"i\"\naudiences = [\"x\"]", "issuer = \"j\"\naudiences = [\"x\"]"),
            ("issuer = \"i\"\naudiences = [\"x\"]", "issuer = \"i\"\naudiences = [\"y\"]"),
            ("issuer = \"i\"\naudiences = [\"x\"]", "issuer = \"i\"\naudiences = [\"x\"]\ntype = \"at+jwt\""),
            (
                "issuer = \"i\"\naudiences = [\"x\"]\ntype = \"a+jwt\"",
                "issuer = \"i\"\naudiences = [\"x\"]\ntype = \"b+jwt\""
            ), ("issuer = \"K\"\naudiences = [\"x\"]", "issuer = \"\u{212A}\"\naudiences = [\"x\"]"),
        ])
    func distinctProfiles(_ first: String, _ second: String) {
        #expect(problems(profiles(first, second)) == [])
    }

    @Test(
        "CLM-3 two profiles on one ring whose tokens pass for each other are refused, and it says why",
        arguments: [
            ("", ""), ("", "claims = { role = \"admin\" }"), ("type = \"at+jwt\"", "type = \"application/AT+JWT\""),
            ("", "type = \"jwt\""), ("", "type = \"application/jwt\""),
        ])
    func forgeableProfiles(_ first: String, _ second: String) {
        let found = problems(
            profiles(
                "issuer = \"i\"\naudiences = [\"x\", \"y\"]\n" + first,
                "issuer = \"i\"\naudiences = [\"z\", \"y\"]\n" + second))
        #expect(found.count == 1)
        #expect(found.first?.contains("[profile.b] and [profile.a] share the keyring \"default\"") == true)
        #expect(found.first?.contains("could forge the other's fixed claims") == true)
    }

    @Test("CLM-3 profiles on two rings may be alike")
    func twoRings() {
        let members = "issuer = \"i\"\naudiences = [\"x\"]"
        #expect(problems(profiles(members, members, rings: ["a", "b"])) == [])
    }

    @Test(
        "CLM-3 two rings over one directory are refused: they would be one ring with two names",
        arguments: [
            "keys/a", "./keys//a/", "/etc/signet/keys/a", "keys/b/../a", "../signet/keys/a",
            "/../etc/signet/keys/x/y/../../a",
        ])
    func sharedDirectory(_ directory: String) {
        let found = problems(
            "[keyring.a]\nalgorithm = \"HS512\"\n[keyring.b]\nalgorithm = \"HS512\"\ndirectory = \"\(directory)\"")
        #expect(found.count == 1)
        #expect(found.first?.contains("have the same directory") == true)
    }

    @Test("nothing at all is accepted, with a warning")
    func empty() throws {
        let (settings, warnings) = try decode("")
        #expect(settings.keyrings == [] && settings.profiles == [])
        #expect(warnings == ["dir/signetd.toml:1:1: no profile is defined: nobody can have a token"])
    }

    @Test("what is probably not meant is a warning")
    func warnings() throws {
        let (_, warnings) = try decode(
            """
            [keyring.default]
            algorithm = "HS512"
            [keyring.spare]
            algorithm = "HS512"
            [profile.default]
            issuer = "i"
            audiences = ["x"]
            allowed_claims = ["Role"]
            claims = { role = "a" }
            """)
        #expect(
            warnings == [
                "dir/signetd.toml:3:1: no profile uses [keyring.spare]",
                "dir/signetd.toml:5:1: nobody may use [profile.default]: it has no [[profile.default.allow]]",
                "dir/signetd.toml:5:1: [profile.default] allows callers the claim \"Role\", but it is a fixed claim",
            ])
    }

    @Test("a sound file has no warning")
    func noWarnings() throws {
        let entry = "\n[[profile.default.allow]]\noperations = [\"sign\"]\nusers = [\"web\"]\n"
        #expect(try decode(soundProfile + entry).warnings == [])
    }
}
