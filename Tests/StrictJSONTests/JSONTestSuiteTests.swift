import Foundation
import StrictJSON
import Testing

/// Nicolas Seriot's JSONTestSuite, read where it lies beside the checkout.
@Suite(.enabled(if: JSONTestSuite.isThere, "there is no \(JSONTestSuite.path)"))
struct JSONTestSuiteTests {
    @Test("JSON-2 JSONTestSuite: every y_ file is accepted", arguments: JSONTestSuite.names("y_"))
    func accepted(_ name: String) throws {
        let error = refusal(try JSONTestSuite.bytes(name))
        guard JSONTestSuite.duplicates.contains(name) else {
            #expect(error == nil)
            return
        }
        // RFC 8259 lets duplicate names pass; rule JSON-1 does not.
        guard case .duplicateName = error else {
            Issue.record("a duplicate name was accepted, or refused as \(String(describing: error))")
            return
        }
    }

    @Test("JSON-2 JSONTestSuite: every n_ file is refused", arguments: JSONTestSuite.names("n_"))
    func refused(_ name: String) throws {
        #expect(refusal(try JSONTestSuite.bytes(name)) != nil)
    }

    @Test("JSON-2 JSONTestSuite: of the i_ files, those are accepted that rule JSON-2 leaves room for")
    func undecided() throws {
        let names = JSONTestSuite.names("i_")
        let accepted = try names.filter { refusal(try JSONTestSuite.bytes($0)) == nil }
        // Numbers pass as they are written, however large; UTF-8 is strict, surrogates come in pairs, 32 levels are all.
        #expect(accepted.sorted() == names.filter { $0.hasPrefix("i_number_") }.sorted())
    }

    @Test("the suite is whole")
    func isWhole() {
        #expect(JSONTestSuite.names("y_").count == 95)
        #expect(JSONTestSuite.names("n_").count == 188)
        #expect(JSONTestSuite.names("i_").count == 35)
        #expect(JSONTestSuite.duplicates.isSubset(of: JSONTestSuite.names("y_")))
    }
}

private enum JSONTestSuite {
    static let folder = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "../../../shared/vectors/jsontestsuite/test_parsing").standardizedFileURL
    static let path = folder.path
    static let isThere = FileManager.default.fileExists(atPath: path)

    static let duplicates: Set = ["y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"]

    static func names(_ prefix: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.filter { $0.hasPrefix(prefix) }.sorted()
    }

    static func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: folder.appending(path: name))) }
}
