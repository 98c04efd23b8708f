import SignetConfiguration
import StrictJSON
import Testing

/// Files of profiles.d beside the main file: what they may hold, and what a broken one takes with it.
@Suite struct FurtherFilesTests {
    private func source(_ text: String, _ name: String) -> SourceFile {
        SourceFile(Array(text.utf8), name: name, directory: "/etc/signet/profiles.d")
    }

    /// Decodes a main file with further ones, named a.toml, b.toml and so on.
    private func decode(
        _ main: String, _ further: String..., unreadable: [String] = []
    ) throws(ConfigurationError) -> DecodedSettings {
        let names = ["a.toml", "b.toml", "c.toml"]
        return try Settings.decode(
            main: SourceFile(Array(main.utf8), name: "main.toml", directory: "/etc/signet"),
            further: zip(further, names).map(source), unreadable: unreadable)
    }

    private func ring(_ name: String, _ lines: String = "") -> String {
        "[keyring.\(name)]\nalgorithm = \"ES256\"\n\(lines)\n"
    }
    private func profile(_ name: String, _ lines: String = "", issuer: String? = nil) -> String {
        """
        [profile.\(name)]
        issuer = "\(issuer ?? name)"
        audiences = ["x"]
        \(lines)
        [[profile.\(name).allow]]
        operations = ["sign"]
        users = ["web"]

        """
    }
    private let broken = "[profile.broken]\nisuer = \"x\"\n"

    @Test("rings and profiles of all files count together, in the order of the files")
    func together() throws {
        let decoded = try decode(
            ring("default") + profile("default"), profile("web") + ring("web"), profile("z") + profile("mail"))
        #expect(decoded.problems == [] && decoded.brokenFiles == [] && decoded.warnings == [])
        #expect(decoded.settings.keyrings.map(\.name) == ["default", "web"])
        #expect(decoded.settings.profiles.map(\.name) == ["default", "web", "z", "mail"])
        #expect(decoded.settings.profiles.map(\.keyring) == ["default", "web", "default", "default"])
        #expect(decoded.settings.profiles.map(\.position.brief) == ["main.toml:4", "a.toml:1", "b.toml:1", "b.toml:8"])
    }

    @Test("a profile may name a ring of any other file, and takes the one of its name from any")
    func ringsElsewhere() throws {
        let decoded = try decode(
            profile("web") + profile("main", "keyring = \"mail\""), profile("other", "keyring = \"web\""),
            ring("web") + ring("mail"))
        #expect(decoded.problems == [])
        #expect(decoded.settings.profiles.map(\.keyring) == ["web", "mail", "web"])
    }

    @Test("relative paths are below the directory of their own file")
    func paths() throws {
        let rings = try decode(
            ring("a", "publish = \"p/a\""), ring("b", "publish = \"p/b\"") + ring("c", "directory = \"../keys/c\"")
        ).settings.keyrings
        #expect(
            rings.map(\.directory) == [
                "/etc/signet/keys/a", "/etc/signet/profiles.d/keys/b", "/etc/signet/profiles.d/../keys/c",
            ])
        #expect(rings.map(\.publish) == ["/etc/signet/p/a", "/etc/signet/profiles.d/p/b", nil])
    }

    @Test(
        "a further file holds profiles and keyrings and nothing else",
        arguments: ["[server]\nmax_connections = 1", "server = 1", "[profil.x]", "[[server]]", "x = 1"])
    func otherTables(_ text: String) throws {
        let decoded = try decode("", text)
        #expect(decoded.brokenFiles == ["a.toml"])
        #expect(decoded.problems.count == 1)
        #expect(
            decoded.problems.first?.message.contains(
                "in a file of profiles.d, which may hold [profile.NAME] and [keyring.NAME] tables only") == true)
        #expect(decoded.settings.server.maxConnections == 4_096)
    }

    @Test("a name that two files define is an error that names both files and lines, and breaks the later")
    func twins() throws {
        let decoded = try decode(
            ring("default") + profile("web"), "\n" + ring("web") + profile("mail"), profile("web") + ring("mail"),
            "\n\n" + ring("web"))
        #expect(
            decoded.problems.map(\.description) == [
                "a.toml:5:1: [profile.mail] cannot be served: its keyring \"mail\" stands in b.toml, which is broken",
                "b.toml:1:1: [profile.web] is defined already, in main.toml at line 4; rename or remove one of the two",
                "c.toml:3:1: [keyring.web] is defined already, in a.toml at line 2; rename or remove one of the two",
            ])
        #expect(decoded.brokenFiles == ["b.toml", "c.toml"])
        #expect(decoded.settings.keyrings.map(\.name) == ["default", "web"])
        // The default ring does not stand in for the broken one.
        #expect(decoded.settings.profiles.map(\.name) == ["web"])
    }

    @Test("UNI-1 names of two files are compared as bytes, and a ring may be named like a profile")
    func noTwins() throws {
        #expect(try decode(ring("default") + profile("a_b"), profile("a-b") + ring("c"), profile("c")).problems == [])
    }

    @Test("a name of a broken file is taken all the same: it must not change hands when its file breaks")
    func twinOfBroken() throws {
        let decoded = try decode(ring("default"), profile("web") + "x = y", profile("web"))
        #expect(decoded.brokenFiles == ["a.toml"])
        let other = try decode(ring("default"), profile("web", "lee_way = 1"), profile("web"))
        #expect(other.brokenFiles == ["a.toml", "b.toml"])
        #expect(other.settings.profiles == [])
    }

    @Test("a broken further file disables only itself")
    func brokenFile() throws {
        for text in [broken, "[profile", "\u{0}", ring("mail") + broken, profile("x", "keyring = \"missing\"")] {
            let decoded = try decode(ring("default") + profile("default"), text, profile("web") + ring("web"))
            #expect(decoded.brokenFiles == ["a.toml"])
            #expect(decoded.settings.keyrings.map(\.name) == ["default", "web"])
            #expect(decoded.settings.profiles.map(\.name) == ["default", "web"])
            #expect(decoded.problems.allSatisfy { $0.position.file == "a.toml" })
        }
    }

    @Test("all problems of all files are reported together, in their order")
    func allProblems() throws {
        let decoded = try decode(ring("default"), broken, "[", broken.replacing("isuer", with: "issuer"))
        #expect(decoded.brokenFiles == ["a.toml", "b.toml", "c.toml"])
        #expect(decoded.problems.map { "\($0.position)" }.sorted() == decoded.problems.map { "\($0.position)" })
        #expect(Set(decoded.problems.map(\.position.file)) == ["a.toml", "b.toml", "c.toml"])
    }

    @Test("a broken main file ends it, with the problems of the others too")
    func brokenMain() throws {
        for main in ["x = 1", "[", "[server]\nx = 1", ring("a") + ring("b", "directory = \"keys/a\"")] {
            do throws(ConfigurationError) {
                _ = try decode(main, broken, profile("web", "keyring = \"default\"") + ring("default"))
                Issue.record("accepted")
            } catch {
                #expect(Set(error.problems.map(\.position.file)) == ["main.toml", "a.toml"])
            }
        }
    }

    @Test("a profile whose ring stands in a broken file is broken as well, and its file is not")
    func lostRing() throws {
        let decoded = try decode(
            ring("default") + profile("main", "keyring = \"web\"") + profile("other"),
            ring("web") + broken, profile("web") + profile("mail"))
        #expect(decoded.brokenFiles == ["a.toml"])
        #expect(decoded.settings.profiles.map(\.name) == ["other", "mail"])
        #expect(
            decoded.problems.filter { $0.position.file != "a.toml" }.map(\.description) == [
                "main.toml:4:1: [profile.main] cannot be served: its keyring \"web\" stands in a.toml, which is broken",
                "b.toml:1:1: [profile.web] cannot be served: its keyring \"web\" stands in a.toml, which is broken",
            ])
    }

    @Test("where nobody can read what a file defines, a profile without its ring is broken, and its file is not")
    func illegibleFile() throws {
        let main = ring("default") + profile("main", "keyring = \"web\"") + profile("default")
        let torn = try decode(main, "[keyring.web")
        #expect(torn.brokenFiles == ["a.toml"])
        #expect(torn.settings.profiles.map(\.name) == ["default"])
        #expect(
            torn.problems.last?.description == "a.toml:1:13: expected the header's end, ']' or ']]'")
        #expect(
            torn.problems.first?.description
                == "main.toml:4:1: [profile.main] cannot be served: its keyring \"web\" is in no sound file, and may be "
                + "in a.toml")
        let unreadable = try decode(main, unreadable: ["x.toml"])
        #expect(unreadable.problems.count == 1)
        #expect(unreadable.problems.first?.message.hasSuffix("may be in x.toml") == true)
        #expect(unreadable.settings.profiles.map(\.name) == ["default"])
        #expect(throws: ConfigurationError.self) { try decode(main) }
        // A file without a text holds no ring, or one link in profiles.d would end every profile of the default ring.
        let silent = try decode(ring("default") + profile("web"), unreadable: ["web.toml"])
        #expect(silent.settings.profiles.map(\.keyring) == ["default"])
    }

    @Test(
        "a torn file that seems to define a profile's ring keeps the default ring from signing in its place",
        arguments: [
            ("[keyring.web]\nx", true), ("keyring = { web = {", true), ("[keyring]\n\"web\".x = [", true),
            ("[keyring.webx]\nx", false), ("[keyring.x-web]\nx", false), ("[profile.web]\nx", false), ("x", false),
        ])
    func tornRing(_ text: String, _ isMentioned: Bool) throws {
        let decoded = try decode(ring("default") + profile("web"), text)
        #expect(decoded.brokenFiles == ["a.toml"])
        #expect(decoded.settings.profiles.map(\.keyring) == (isMentioned ? [] : ["default"]))
    }

    @Test("CLM-3 the rules between tables hold between files, and break the later file")
    func clashes() throws {
        let alike = "keyring = \"default\""
        let main = ring("default") + profile("default", issuer: "i")
        for text in [
            profile("web", alike, issuer: "i"),
            "[profile.web]\n" + alike + "\ncontent = \"bytes\"\ntype = \"x\"\n",
            ring("web", "directory = \"/etc/signet/keys/default\""),
            ring("web", "publish = \"../keys/default/jwks.json\""),
        ] {
            let decoded = try decode(main, text, profile("mail"))
            #expect(decoded.brokenFiles == ["a.toml"])
            #expect(decoded.problems.count == 1)
            #expect(decoded.settings.profiles.map(\.name) == ["default", "mail"])
        }
    }

    @Test("a further file never breaks the main one")
    func latestIsToBlame() throws {
        let main =
            ring("a", "publish = \"p/a.json\"") + ring("b", "publish = \"p/b.json\"")
            + profile("a", issuer: "https://a")
        let decoded = try decode(main, profile("b", issuer: "https://b"), profile("c", "keyring = \"b\""))
        #expect(decoded.brokenFiles == ["a.toml"])
        #expect(decoded.settings.profiles.map(\.name) == ["a", "c"])
        let among = try decode(ring("a", "publish = \"/k/b/jwks.json\""), ring("b", "directory = \"/k/b\""))
        #expect(among.brokenFiles == ["a.toml"])
    }

    @Test("a file that clashes only with a broken one is sound")
    func clashWithBroken() throws {
        let decoded = try decode(
            ring("default"), profile("x", issuer: "i") + broken, profile("y", issuer: "i"), profile("z", issuer: "i"))
        #expect(decoded.brokenFiles == ["a.toml", "c.toml"])
        #expect(decoded.settings.profiles.map(\.name) == ["y"])
    }

    @Test("nothing is said to be missing while a file is broken that may hold it")
    func warnings() throws {
        #expect(try decode(ring("default"), "").warnings.count == 2)
        #expect(try decode(ring("default"), broken).warnings == [])
        #expect(try decode(ring("default"), unreadable: ["x.toml"]).warnings == [])
        #expect(try decode(ring("default"), "[profile.web]\nissuer = \"i\"\naudiences = [\"a\"]").warnings.count == 1)
    }
}
