import Foundation
import Testing

/// docs/threat-model.md names, for each promise, the tests that hold it: `Suite/test`.
@Suite("The threat model names tests that exist")
struct ThreatModelTests {
    /// Every test below Tests as `Suite/function`: of Swift Testing, and of Python's unittest.
    private static let tests: Set<String> = {
        let root = Self.root.appending(path: "Tests").path
        let paths = (FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String }) ?? []
        return paths.reduce(into: []) { found, path in
            guard path.hasSuffix(".swift") || path.hasSuffix(".py"),
                let text = try? String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
            else { return }
            found.formUnion(tests(in: text))
        }
    }()

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().resolvingSymlinksInPath()

    /// The tests of a file: the functions behind `@Test`, and Python's `test_…`, under the type that was begun last.
    private static func tests(in text: String) -> [String] {
        let type = #"\b(?:struct|class) (\w+Tests)\b"#
        let pattern = type + #"|(@Test)\b|^ +(?:\w+ )*func (\w+)\(|^ +def (test_\w+)\("#
        guard let expression = try? NSRegularExpression(pattern: pattern, options: .anchorsMatchLines) else {
            return []
        }
        let whole = text as NSString
        var (suite, isTest, found) = ("", false, [String]())
        for match in expression.matches(in: text, range: NSRange(location: 0, length: whole.length)) {
            let groups = (0...4).map { match.range(at: $0) }.map { $0.length > 0 ? whole.substring(with: $0) : nil }
            if let type = groups[1] { suite = type }
            if let test = groups[4] ?? (isTest ? groups[3] : nil) { found.append("\(suite)/\(test)") }
            isTest = groups[2] != nil || (isTest && groups[3] == nil)
        }
        return found
    }

    private static func names(in text: String) -> [String] {
        text.matches(of: /`(\w+Tests\/\w+)`/).map { String($0.1) }
    }

    private func document() throws -> String {
        try String(contentsOf: Self.root.appending(path: "docs/threat-model.md"), encoding: .utf8)
    }

    @Test("Each test that it names is there")
    func named() throws {
        let names = Set(Self.names(in: try document()))
        #expect(names.count > 50)
        #expect(Self.tests.count > 1_000)
        let missing = names.subtracting(Self.tests)
        #expect(missing.isEmpty, "docs/threat-model.md names \(missing.sorted())")
    }

    @Test("Each promise names at least one")
    func promises() throws {
        let rows = try document().split(separator: "\n").filter { $0.contains(/^\| [A-Z]+[0-9]+ \|/) }
        #expect(rows.count > 30)
        for row in rows { #expect(!Self.names(in: String(row)).isEmpty, "\(row)") }
        let ids = rows.compactMap { $0.split(separator: " ").dropFirst().first }
        #expect(Set(ids).count == ids.count)
    }

    @Test("A test is found by its suite and its function, and what is no test is not")
    func reader() {
        #expect(Self.tests.contains("ThreatModelTests/reader"))
        #expect(Self.tests.contains("SandboxTests/test_security"))
        for name in ["ThreatModelTests/document", "NoTests/reader", "LayeringTests/gone"] {
            #expect(!Self.tests.contains(name), "\(name)")
        }
        let text = """
            class ATests(B):
                def test_x(self):
            struct CTests {
                @Test("d")
                func y() {
                func z() {
            """
        #expect(Self.tests(in: text) == ["ATests/test_x", "CTests/y"])
        #expect(Self.names(in: "| A1 | b | `ATests/test_x`, `CTests/y` and `c/d` |") == ["ATests/test_x", "CTests/y"])
    }
}
