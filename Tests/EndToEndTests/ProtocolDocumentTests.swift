import Foundation
import Testing
import WireProtocol

@Suite("docs/protocol.md is what the daemon does")
struct ProtocolDocumentTests {
    @Test("Every example of the document runs, and every answer is the one that it shows")
    func examples() throws {
        let document = try MarkdownDocument("docs/protocol.md")
        let configuration = try #require(document.blocks.first { $0.comment == "configuration of the examples" })
        let daemon = try TestDaemon(prepared: configuration.text + "\n")
        try daemon.makeKey(in: "webhooks", "ES256", kid: "hook-1")
        try daemon.start()
        let examples = document.blocks.filter { $0.language == "signet-example" }
        #expect(examples.count >= 8)
        var token = ""
        for example in examples {
            let conversation = try daemon.connect()
            var answers = 0
            for (offset, step) in example.lines.enumerated() {
                let place = "docs/protocol.md:\(example.firstLine + offset)"
                switch step.first {
                case ">":
                    let line = String(step.dropFirst(2)).replacingOccurrences(of: "$TOKEN", with: token)
                    try conversation.send(line + "\n")
                case "<":
                    let answer = try #require(try conversation.readLine(), "\(place): the connection was closed")
                    #expect(answer.matchesExample(String(step.dropFirst(2))), "\(place): \(answer)")
                    token = Answer(answer)["token"] as? String ?? token
                    answers += 1
                default:
                    #expect(step == "* closed", "\(place): not a line that this test knows")
                    let more = try conversation.readLine()
                    #expect(more == nil, "\(place)")
                }
            }
            #expect(answers > 0, "docs/protocol.md:\(example.firstLine): an example without an answer")
            conversation.endSending()
            let unexpected = try conversation.readLine()
            #expect(unexpected == nil, "docs/protocol.md:\(example.firstLine): an answer that the example leaves out")
        }
        #expect(!token.isEmpty)
    }

    @Test("The document explains every operation, error code and reason")
    func vocabulary() throws {
        let text = try MarkdownDocument("docs/protocol.md").text
        for operation in Operation.allCases { #expect(text.contains("\n### `\(operation.rawValue)`\n")) }
        for code in ErrorCode.allCases { #expect(text.contains("\n| `\(code.rawValue)` |"), "\(code)") }
        for reason in InvalidReason.allCases { #expect(text.contains("\n| `\(reason.rawValue)` |"), "\(reason)") }
    }

    @Test("The document says for every error code whether the line may be sent again")
    func sendingAgain() throws {
        let lines = try MarkdownDocument("docs/protocol.md").text.split(separator: "\n")
        for code in ErrorCode.allCases {
            let rows = lines.filter { $0.hasPrefix("| `\(code.rawValue)` |") }
            #expect(!rows.isEmpty)
            for row in rows {
                let cell = row.split(separator: "|").last?.trimmingCharacters(in: .whitespaces) ?? ""
                #expect(cell.hasPrefix(code.mayBeSentAgain ? "yes" : "no"), "\(row)")
            }
        }
    }

    static let limits: [(value: Int, row: String)] = [
        (Limits.defaultRequestBytes, "request line"), (Limits.smallestRequestBytes, "request line"),
        (Limits.largestRequestBytes, "request line"), (Limits.tokenHeadroom, "token that is signed"),
        (Limits.defaultRequestBytes - Limits.tokenHeadroom, "token that is signed"),
        (Limits.requestDepth, "nesting of a request"), (Limits.tokenDepth, "nesting of a token"),
        (Limits.idBytes, "`id`"), (Limits.kidBytes, "`kid` of a token"), (Int(Limits.largestTTL), "`ttl`"),
    ]

    @Test("The document repeats the limits as they are", arguments: limits)
    func limit(value: Int, row: String) throws {
        let text = try MarkdownDocument("docs/protocol.md").text
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("| \(row)") && $0.contains(/\d/) })
        let digits = value.formatted(.number.locale(Locale(identifier: "en_US")))
        #expect(line.contains(try Regex("(^|[^0-9,])\(digits)(?!,?[0-9])")), "\(digits): \(line)")
    }

    @Test("The document names the version, the socket and the longest answer")
    func otherNumbers() throws {
        let text = try MarkdownDocument("docs/protocol.md").text
        #expect(text.hasPrefix("# Wire protocol, version \(Limits.protocolVersion)\n"))
        #expect(text.contains("`\(Limits.defaultSocketPath)`"))
        #expect(text.contains("up to \(Limits.responseBytes >> 20) MiB"))
    }

    @Test(
        "An example matches only its answer",
        arguments: [
            ("{\"ok\":true}", "{\"ok\":true}", true), ("{\"ok\":true}", "{\"ok\":…}", true), ("abc", "…", true),
            ("abc", "a…c", true), ("abc", "abd", false), ("abc", "ab", false), ("abc", "a…d", false),
            ("ab", "ab…b", false), ("axbxc", "a…b…c", true), ("aba", "…ab", false),
        ])
    func matching(answer: String, pattern: String, isMatch: Bool) {
        #expect(answer.matchesExample(pattern) == isMatch)
    }
}

extension String {
    /// Whether it is as an example shows it, where `…` stands for anything.
    func matchesExample(_ example: String) -> Bool {
        let pieces = example.components(separatedBy: "…").map(NSRegularExpression.escapedPattern)
        return range(of: "^\(pieces.joined(separator: ".*"))$", options: .regularExpression) != nil
    }
}

/// One of the project's documents, with its fenced blocks.
struct MarkdownDocument {
    struct Block {
        /// What stands behind the opening fence.
        let language: String
        /// The text of an HTML comment on the line above the fence.
        let comment: String?
        /// Number of the first line between the fences, from 1.
        let firstLine: Int
        let lines: [String]
        var text: String { lines.joined(separator: "\n") }
    }

    let text: String
    let blocks: [Block]

    /// Reads a document by its path below the package's root.
    init(_ path: String) throws {
        text = try String(contentsOf: TestDaemon.packageRoot.appending(path: path), encoding: .utf8)
        let lines = text.components(separatedBy: "\n")
        var blocks: [Block] = []
        var opening: Int?
        for (number, line) in lines.enumerated() where line.hasPrefix("```") {
            guard let start = opening else {
                opening = number
                continue
            }
            let above = start > 0 ? lines[start - 1] : ""
            let isComment = above.hasPrefix("<!-- ") && above.hasSuffix(" -->")
            blocks.append(
                Block(
                    language: String(lines[start].dropFirst(3)),
                    comment: isComment ? String(above.dropFirst(5).dropLast(4)) : nil, firstLine: start + 2,
                    lines: Array(lines[(start + 1)..<number])))
            opening = nil
        }
        try #require(opening == nil, "\(path): a fence is not closed")
        self.blocks = blocks
    }
}
