import Foundation
import StrictJSON
import Testing

/// Generated documents, whole and damaged, read by Foundation's JSONSerialization and by us.
@Suite struct GeneratedDocumentTests {
    @Test("JSON-3 1,000 generated documents are accepted, compacted, and mean to Foundation what they meant before")
    func accepted() throws {
        for seed in 0..<1_000 as Range<UInt64> {
            var writer = DocumentWriter(seed: seed)
            let (spaced, compact) = writer.document()
            let document = try Document(spaced)
            try #require(document.compact == compact, "seed \(seed)")
            #expect(try foundation(Array(spaced.utf8)) == foundation(Array(compact.utf8)), "seed \(seed)")
            #expect(try Document(compact).compact == compact)
        }
    }

    @Test("JSON-2 of 20,000 damaged documents none is accepted that Foundation refuses")
    func damaged() throws {
        var (accepted, refused) = (0, 0)
        for seed in 0..<20_000 as Range<UInt64> {
            var writer = DocumentWriter(seed: seed)
            var bytes = Array(writer.document().spaced.utf8)
            writer.damage(&bytes)
            guard refusal(bytes) == nil else {
                refused += 1
                continue
            }
            accepted += 1
            let text = String(decoding: bytes, as: UTF8.self)
            // Foundation refuses a number that no double holds; ours passes as it is written (rule JSON-3).
            if (try? foundation(bytes)) == nil {
                #expect(text.contains(/[0-9][eE]\+?[0-9]{3}/), "seed \(seed): \(text)")
            }
        }
        // Both happened, so that the comparison means something.
        #expect(accepted > 1_000)
        #expect(refused > 5_000)
    }

    @Test("JSON-1 JSON-2 what Foundation forgives in damaged documents and we do not is on the list")
    func differences() {
        for seed in 0..<20_000 as Range<UInt64> {
            var writer = DocumentWriter(seed: seed)
            var bytes = Array(writer.document().spaced.utf8)
            writer.damage(&bytes)
            guard let error = refusal(bytes), (try? foundation(bytes)) != nil else { continue }
            switch error {
            case .duplicateName: continue  // it keeps the last
            case .unexpectedByte(let offset): #expect(isBehindComma(bytes, offset), "seed \(seed): \(error)")
            default: Issue.record("seed \(seed): \(error), \(quoteForMessage(bytes))")
            }
        }
    }

    /// A trailing comma: `[1,]`, `{"a":1,}`.
    private func isBehindComma(_ bytes: [UInt8], _ offset: Int) -> Bool {
        guard bytes[offset] == UInt8(ascii: "]") || bytes[offset] == UInt8(ascii: "}") else { return false }
        return bytes[..<offset].last { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: ",")
    }

    private func foundation(_ bytes: [UInt8]) throws -> NSObject {
        let value = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
        return try #require(value as? NSObject)
    }
}

/// Writes a random document twice at once: with white space between its tokens and without.
private struct DocumentWriter {
    private var generator: SeededGenerator
    private var spaced = ""
    private var compact = ""

    // No NUL: Foundation would guess at UTF-16.
    private static let replacements = Array("\"\\{}[]:, u0eE-+.1a\u{7F}".utf8) + [0x0A, 0x80, 0xC3, 0xFF]

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func document() -> (spaced: String, compact: String) {
        value(depth: 0)
        return (spaced, compact)
    }

    /// Deletes, doubles or exchanges one byte.
    mutating func damage(_ bytes: inout [UInt8]) {
        let position = pick(bytes.count)
        switch pick(3) {
        case 0: bytes.remove(at: position)
        case 1: bytes.insert(bytes[position], at: position)
        default: bytes[position] = Self.replacements[pick(Self.replacements.count)]
        }
    }

    private mutating func pick(_ count: Int) -> Int { Int.random(in: 0..<count, using: &generator) }

    private mutating func token(_ text: String) {
        compact += text
        for _ in 0..<max(0, pick(5) - 3) { spaced += ["\n", " ", "\t", "\r"][pick(4)] }
        spaced += text
        for _ in 0..<max(0, pick(5) - 3) { spaced += ["\n", " ", "\t", "\r"][pick(4)] }
    }

    private mutating func value(depth: Int) {
        switch pick(depth < 5 ? 8 : 5) {
        case 0: token(["true", "false", "null"][pick(3)])
        case 1, 2: token(number())
        case 3, 4: token("\"" + string() + "\"")
        case 5: list("[", "]", pick(5)) { writer, _ in writer.value(depth: depth + 1) }
        default:
            // Now and then more than 16 members, which are checked for duplicates by sorting.
            list("{", "}", pick(12) == 0 ? 20 : pick(5)) { writer, member in
                writer.token("\"" + writer.string() + "\(member)\"")
                writer.token(":")
                writer.value(depth: depth + 1)
            }
        }
    }

    private mutating func list(_ open: String, _ close: String, _ count: Int, _ element: (inout Self, Int) -> Void) {
        token(open)
        for number in 0..<count {
            if number > 0 { token(",") }
            element(&self, number)
        }
        token(close)
    }

    private mutating func number() -> String {
        let integer = ["0", "-0", "\(pick(1_000))", "-\(pick(100) + 1)"][pick(4)]
        let fraction = ["", "", ".0", ".\(pick(1_000))"][pick(4)]
        return integer + fraction + ["", "", "", "e\(pick(20))", "E-\(pick(20))", "e+0\(pick(9))"][pick(6)]
    }

    private mutating func string() -> String {
        let parts = [
            "a", "Z", " ", "é", "€", "😀", "e\u{301}", "\u{212A}", ",", ":", "{", "]", "\u{7F}", #"\n"#, #"\""#, #"\\"#,
            #"\/"#, #"\u0041"#, #"\u00e9"#, #"\uD83D\uDE00"#,
        ]
        return (0..<pick(6)).map { _ in parts[pick(parts.count)] }.joined()
    }
}
