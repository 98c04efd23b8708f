import Foundation
import StrictJSON
import TOML
import Testing

/// The same documents, read by Python's tomllib and by us.
@Suite struct TomllibComparisonTests {
    private static let documentCount = 3_000
    /// Another seed and another number of documents, for `make fuzz-differential`.
    private static let (seed, wantedCount) = (
        ProcessInfo.processInfo.environment["SIGNET_TOML_SEED"],
        ProcessInfo.processInfo.environment["SIGNET_TOML_COUNT"].flatMap { Int($0) }
    )

    @Test(
        "3,000 generated documents are accepted, refused and read as tomllib does",
        .enabled(if: Python.hasTomllib, "python3 in PATH has no tomllib (Python 3.11 or later has)"))
    func agreesWithTomllib() throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "compare_with_tomllib.py")
        let count = Self.wantedCount ?? Self.documentCount
        let seeds = script.deletingLastPathComponent().appending(path: "../../Fuzzing/seeds/toml").path
        let output = try Python.run([script.path, String(count)] + (Self.seed.map { [$0, seeds] } ?? []))
        let lines = output.split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == count)
        for line in lines {
            let verdict = try JSONDecoder().decode(Verdict.self, from: line)
            let ours = try? text(.table(TOMLReader.read(Array(verdict.document))))
            // The texts are ASCII, so String's == compares bytes here.
            #expect(ours == verdict.value, "\(quoteForMessage(Array(verdict.document)))")
        }
    }

    private struct Verdict: Decodable {
        let document: Data
        /// nil: tomllib refuses the document.
        let value: String?
    }

    /// The text that the script makes of the same value.
    private func text(_ value: TOMLValue) -> String {
        switch value {
        case .boolean(let value): value ? "t" : "f"
        case .integer(let value): "i\(value)"
        case .string(let value): "s" + hexadecimal(value)
        case .array(let elements): "[" + elements.map { text($0.value) }.joined(separator: ",") + "]"
        case .table(let table):
            "{"
                + table.members.sorted { $0.key < $1.key }
                .map { hexadecimal($0.key) + "=" + text($0.node.value) }.joined(separator: ",") + "}"
        }
    }

    private func hexadecimal(_ value: ByteString) -> String {
        value.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// The `python3` of PATH.
private enum Python {
    static let hasTomllib = (try? run(["-c", "import tomllib"])) != nil

    private struct Failure: Error { let status: Int32 }

    static func run(_ arguments: [String]) throws -> Data {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3"] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(status: process.terminationStatus) }
        return data
    }
}
