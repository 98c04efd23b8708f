import Foundation
import Testing
import WireProtocol

@Suite("The manual pages are sound and complete") struct ManualTests {
    private let folder: Workshop

    init() throws { folder = try Workshop() }

    /// The text of a page that stands in the sources.
    private func page(_ name: String) throws -> String {
        try String(contentsOf: TestDaemon.packageRoot.appending(path: "docs/man/\(name)"), encoding: .utf8)
    }

    /// The page of `signet`, made from the program that was built; its path.
    private func signetPage() throws -> String {
        let script = TestDaemon.packageRoot.appending(path: "scripts/make-manual")
        let made = try Program.run(script, [TestDaemon.product("signet").path])
        try #require(made.status == 0, "\(made.errors)")
        try Data(made.output.utf8).write(to: folder.url("signet.1"))
        return folder.path("signet.1")
    }

    /// The words behind `.It`, by the macro in front of them: `.It Ic a , Ic b No (list)` has a and b.
    private func items(_ text: some StringProtocol, _ macro: String) -> [String] {
        text.components(separatedBy: "\n").filter { $0.hasPrefix(".It ") }.flatMap { line in
            let words = line.split(separator: " ").map(String.init)
            return zip(words, words.dropFirst()).filter { $0.0 == macro }.map(\.1)
        }
    }

    /// The part of a page between a heading and the next of the same kind.
    private func section(_ heading: String, of text: String) throws -> Substring {
        let macro = heading.prefix(3)
        let start = try #require(text.range(of: "\n.\(heading)\n"), "no \(heading)")
        let rest = text[start.upperBound...]
        let ends = ["\n.Sh "] + (macro == "Ss " ? ["\n.Ss "] : [])
        let end = ends.compactMap { rest.range(of: $0)?.lowerBound }.min()
        return rest[..<(end ?? rest.endIndex)]
    }

    /// The names in the first column of the tables in a section of a document.
    private func rows(_ document: String, _ heading: String, ofFirstTable: Bool = false) throws -> [String] {
        let text = try MarkdownDocument(document).text
        let start = try #require(text.range(of: "\n\(heading)\n"), "\(document) has no \(heading)")
        let level = heading.prefix { $0 == "#" }
        let ends = (1...level.count).map { "\n\(String(repeating: "#", count: $0)) " }
        let rest = text[start.upperBound...]
        let end = ends.compactMap { rest.range(of: $0)?.lowerBound }.min()
        var lines = rest[..<(end ?? rest.endIndex)].components(separatedBy: "\n")
        if ofFirstTable { lines = Array(lines.drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }) }
        return lines.filter { $0.hasPrefix("| `") }.flatMap { row in
            row.split(separator: "|")[0].matches(of: /`([^`]+)`/).map { String($0.1) }
        }
    }

    @Test("mandoc finds no fault beyond style, and man none at all")
    func lint() throws {
        let sources = try FileManager.default.contentsOfDirectory(
            atPath: TestDaemon.packageRoot.appending(path: "docs/man").path)
        let pages =
            try sources.filter { $0.contains(/\.[1-8]$/) }.map {
                TestDaemon.packageRoot.appending(path: "docs/man/\($0)").path
            } + [signetPage()]
        #expect(pages.count >= 4)
        for page in pages {
            let lint = try Program.run("mandoc", ["-T", "lint", "-W", "warning", page])
            #expect(lint.status == 0 && lint.output.isEmpty, "\(lint.output)\(lint.errors)")
            let shown = try Program.run(
                "man", ["--warnings=w", "--local-file", page], environment: ["LC_ALL": "C.UTF-8", "MANWIDTH": "80"])
            #expect(shown.status == 0 && shown.errors.isEmpty, "\(page): \(shown.errors)")
            #expect(shown.output.contains("DESCRIPTION"))
        }
    }

    @Test("signetd.toml(5) has every setting, each in the section of its table, and no other")
    func settings() throws {
        let text = try page("signetd.toml.5")
        for (section, heading) in [
            ("Sh [server]", "## `[server]`"), ("Sh [keyring.NAME]", "## `[keyring.NAME]`"),
            ("Sh [profile.NAME]", "## `[profile.NAME]`"), ("Sh [[profile.NAME.allow]]", "## `[[profile.NAME.allow]]`"),
        ] {
            let known = try rows("docs/configuration.md", heading, ofFirstTable: true)
            #expect(known.count >= 4)
            #expect(try items(self.section(section, of: text), "Ic") == known, "\(section)")
        }
        for template in try rows("docs/configuration.md", "### Templates") {
            #expect(text.contains("\n.It Li \(template)\n"), "\(template)")
        }
    }

    @Test("The settings of signetd.toml(5) are those that the reader of the configuration takes")
    func settingsOfTheReader() throws {
        let known = Set(items(try page("signetd.toml.5"), "Ic").flatMap { $0.split(separator: ".").map(String.init) })
        let folder = TestDaemon.packageRoot.appending(path: "Sources/SignetConfiguration")
        var taken: Set<String> = []
        for name in ["ServerSettings", "KeyringSettings", "ProfileSettings", "AllowSettings"] {
            let source = try String(contentsOf: folder.appending(path: "\(name).swift"), encoding: .utf8)
            let calls = /\b(?:section|admin|\$0)\.[a-zA-Z]+\(\s*"([a-z_]+)"/
            taken.formUnion(source.matches(of: calls).map { String($0.1) })
        }
        #expect(taken.count > 25)
        #expect(taken.subtracting(known.union(["allow"])).isEmpty)
    }

    @Test("signet-protocol(7) has every operation, member, error code and reason")
    func wireProtocol() throws {
        let text = try page("signet-protocol.7")
        let codes = items(try section("Sh ERROR CODES", of: text), "Er")
        #expect(codes.sorted() == ErrorCode.allCases.map(\.rawValue).sorted())
        // Those that may be sent again have an asterisk.
        for code in ErrorCode.allCases {
            #expect(text.contains("\n.It Er \(code.rawValue) No *\n") == code.mayBeSentAgain, "\(code.rawValue)")
        }
        let reasons = items(try section("Sh INVALID TOKENS", of: text), "Er")
        #expect(reasons.sorted() == InvalidReason.allCases.map(\.rawValue).sorted())
        for operation in WireProtocol.Operation.allCases.map(\.rawValue) {
            let part = try section("Ss \(operation)", of: text)
            let members = try rows("docs/protocol.md", "### `\(operation)`").filter {
                InvalidReason(rawValue: $0) == nil || operation != "verify"
            }
            // `explain` has the members of `sign`, and says so.
            let inherited = operation == "explain" ? ["profile", "claims", "ttl", "payload"] : []
            #expect(members.count >= (operation == "ping" ? 0 : 2))
            for member in members where !inherited.contains(member) {
                #expect(part.contains(" \(member)"), "\(operation): \(member)")
            }
        }
        for member in try rows("docs/protocol.md", "## Requests and answers") {
            #expect(text.contains("\n.It Cm \(member)"), "\(member)")
        }
    }

    @Test("signetd(8) has every option, signal and exit status that --help knows")
    func daemon() throws {
        let text = try page("signetd.8")
        let help = try Program.run(TestDaemon.product("signetd"), ["--help"]).output
        let options = Set(help.matches(of: /--[a-z]+/).map { String($0.output.dropFirst()) })
        #expect(options.isSuperset(of: ["-config", "-check", "-strict", "-help", "-version"]))
        #expect(Set(items(text, "Fl").filter { $0.hasPrefix("-") }) == options)
        for signal in help.matches(of: /\bSIG[A-Z]+\b/) where signal.output != "SIGNALS" {
            #expect(items(text, "Dv").contains(String(signal.output)), "\(signal.output)")
        }
        for status in help.components(separatedBy: "EXIT STATUS")[1].matches(of: #/\n +(\d) /#) {
            #expect(try section("Sh EXIT STATUS", of: text).contains("\n.It \(status.1)\n"))
        }
    }

    @Test("signet(1) has every command and every option of each")
    func commands() throws {
        let text = try String(contentsOfFile: signetPage(), encoding: .utf8)
        let dump = try Program.run(TestDaemon.product("signet"), ["--experimental-dump-help"]).output
        let root =
            try #require(
                try JSONSerialization.jsonObject(with: Data(dump.utf8)) as? [String: Any])["command"] as? [String: Any]
        var count = 0
        try visit(try #require(root), [], text, &count)
        #expect(count > 20)
        #expect(!text.contains("@COMMANDS@"))
    }

    private func visit(_ command: [String: Any], _ path: [String], _ text: String, _ count: inout Int) throws {
        let path = path + [try #require(command["commandName"] as? String)]
        if path.last == "help" { return }
        if let children = command["subcommands"] as? [[String: Any]] {
            for child in children { try visit(child, path, text, &count) }
            return
        }
        count += 1
        let part = try section("Ss \(path.joined(separator: " "))", of: text)
        let flags = items(part, "Fl")
        for argument in command["arguments"] as? [[String: Any]] ?? [] where argument["shouldDisplay"] as? Bool == true
        {
            for name in argument["names"] as? [[String: String]] ?? [] {
                let word = try #require(name["name"])
                if ["help", "h", "version"].contains(word) { continue }
                #expect(flags.contains(name["kind"] == "long" ? "-\(word)" : word), "\(path) \(word)")
            }
        }
    }

    @Test("make install-manuals puts each page where man looks for it, and make uninstall takes it away")
    func installed() throws {
        let root = folder.path("root")
        let places = ["man1/signet.1", "man5/signetd.toml.5", "man7/signet-protocol.7", "man8/signetd.8"]
        let arguments = [
            "-C", TestDaemon.packageRoot.path, "DESTDIR=\(root)", "PREFIX=/usr", "BUILT=\(TestDaemon.products.path)",
        ]
        let made = try Program.run("make", arguments + ["install-manuals"])
        #expect(made.status == 0, "\(made.output)\(made.errors)")
        for place in places {
            let file = "\(root)/usr/share/man/\(place)"
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o644, "\(place)")
        }
        let removed = try Program.run("make", arguments + ["uninstall"])
        #expect(removed.status == 0, "\(removed.output)\(removed.errors)")
        for place in places {
            #expect(!FileManager.default.fileExists(atPath: "\(root)/usr/share/man/\(place)"), "\(place)")
        }
    }
}
