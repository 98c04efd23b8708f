import SignetConfiguration
import Foundation
import StrictJSON
import Testing

/// `etc/signetd.toml`, which every installation starts from.
@Suite struct DefaultConfigurationTests {
    private func text() throws -> String {
        var root = URL(filePath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        return try String(contentsOf: root.appending(path: "etc/signetd.toml"), encoding: .utf8)
    }

    /// The file with each of its lines changed; places stay as they are.
    private func text(_ change: (String) -> String) throws -> String {
        try text().split(separator: "\n", omittingEmptySubsequences: false).map { change(String($0)) }
            .joined(separator: "\n")
    }

    @Test("the annotated file says what the defaults are")
    func annotatedFileHoldsTheDefaults() throws {
        // `directory` says where a packaged host has its keys.
        let required = ["algorithm ", "directory ", "issuer ", "audiences ", "["]
        let bare = try text { line in required.contains { line.hasPrefix($0) } ? line : "" }
        #expect(try decode(text()).settings == decode(bare).settings)
    }

    @Test("the annotated file grants nothing, and its only warning says so")
    func grantsNothing() throws {
        let (settings, warnings) = try decode(text())
        #expect(settings.profiles.map(\.allow) == [[]])
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains("nobody may use [profile.default]") == true)
    }

    @Test("every setting that is commented out is accepted once switched on")
    func commentedSettingsAreAccepted() throws {
        let switchedOn = try text { line in
            line.hasPrefix("#") && !line.hasPrefix("# ") && line != "#" ? String(line.dropFirst()) : line
        }
        let (settings, warnings) = try decode(switchedOn)
        #expect(warnings == [])
        #expect(settings.server.socketGroup == "signet-clients")
        let entry = try #require(settings.profiles.first?.allow.first)
        #expect(entry.operations == [.sign, .verify])
        #expect(entry.users == .named(["web"]))
        #expect(entry.groups == ["web-services"])
        #expect(entry.allowedClaims == .named(["sub", "email"]))
        #expect(entry.maxTTL == 3_600)
    }

    @Test("the reference names every setting of the annotated file")
    func referenceIsComplete() throws {
        var root = URL(filePath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        let reference = try String(contentsOf: root.appending(path: "docs/configuration.md"), encoding: .utf8)
        for line in try text().split(separator: "\n") where !line.hasPrefix("# ") && line.contains(" = ") {
            let setting = line.drop { $0 == "#" }.prefix { $0 != " " }
            #expect(reference.contains("`\(setting)") == true, "\(setting)")
        }
    }
}
