import NIOCore
import Testing
import WireProtocol

@testable import Server

/// How lines are found in what arrives (docs/protocol.md, framing).
@Suite struct LineFramerTests {
    /// What became of one `next`.
    private func outcome(_ pause: LineFramer.Pause) -> String {
        switch pause {
        case .needsMore: "needs more"
        case .paused: "paused"
        case .refused(let refusal): refusal.code.rawValue
        }
    }

    /// Takes all lines that are here; stops after `most`.
    private func take(_ framer: inout LineFramer, most: Int = .max, into lines: inout [String]) -> String {
        var taken = 0
        var found: [String] = []
        let pause = framer.next(while: { taken < most }) { line, _ in
            taken += 1
            found.append(String(decoding: line.indices.map { line[$0] }, as: UTF8.self))
        }
        lines += found
        return outcome(pause)
    }

    private let text = "{}\n{\"a\":1}\n\n{\"longer\":\"line\"}\n{\"rest"

    @Test("WIRE-1 lines are the same however they arrive", arguments: 1...40)
    func pieces(_ size: Int) {
        var framer = LineFramer(limit: 64)
        var lines: [String] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            framer.append(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)]))
            #expect(take(&framer, into: &lines) == "needs more")
        }
        #expect(lines == ["{}", "{\"a\":1}", "", "{\"longer\":\"line\"}"])
        #expect(framer.isInsideLine)
        #expect(framer.unreadBytes == 6)
    }

    @Test("WIRE-1 who pauses after each line misses none", arguments: 1...40)
    func pauses(_ size: Int) {
        var framer = LineFramer(limit: 64)
        var lines: [String] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            // Bytes that arrive while others wait.
            framer.append(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)]))
            _ = take(&framer, most: 1, into: &lines)
        }
        while take(&framer, most: 1, into: &lines) == "paused" {}
        #expect(lines == ["{}", "{\"a\":1}", "", "{\"longer\":\"line\"}"])
        #expect(framer.unreadBytes == 6)
    }

    @Test("WIRE-2 the longest line fits with its LF, one byte more does not", arguments: 1...17)
    func limit(_ size: Int) {
        for (length, expected) in [(15, "needs more"), (16, "too_large")] {
            var framer = LineFramer(limit: 16)
            var lines: [String] = []
            var outcome = ""
            let bytes = Array("{\n{".utf8) + Array(repeating: UInt8(ascii: "x"), count: length - 1) + [0x0A]
            for start in stride(from: 0, to: bytes.count, by: size) where outcome != "too_large" {
                framer.append(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)]))
                outcome = take(&framer, into: &lines)
            }
            #expect(outcome == expected)
            #expect(lines.count == (length == 15 ? 2 : 1))
        }
    }

    @Test("WIRE-2 a line without end is refused when it is too long, not later")
    func endless() {
        var framer = LineFramer(limit: 16)
        var lines: [String] = []
        framer.append(ByteBuffer(string: "{23456789012345"))
        #expect(take(&framer, into: &lines) == "needs more")
        framer.append(ByteBuffer(string: "6"))
        #expect(take(&framer, into: &lines) == "too_large")
    }

    @Test("what was consumed counts whole lines, and begins anew when it is asked what is left")
    func consumed() {
        var framer = LineFramer(limit: 64)
        var counts: [Int] = []
        framer.append(ByteBuffer(string: "{\n{4"))
        _ = framer.next(while: { true }) { _, consumed in counts.append(consumed) }
        framer.append(ByteBuffer(string: "5\n{8"))
        _ = framer.next(while: { true }) { _, consumed in counts.append(consumed) }
        #expect(counts == [2, 6])
        #expect(framer.unansweredBytes == 2)
        framer.append(ByteBuffer(string: "\n"))
        _ = framer.next(while: { true }) { _, consumed in counts.append(consumed) }
        #expect(counts == [2, 6, 3])
        #expect(framer.unansweredBytes == 0)
    }

    @Test("WIRE-3 another protocol is refused by its first byte, and only there")
    func firstByte() {
        var lines: [String] = []
        var other = LineFramer(limit: 64)
        other.append(ByteBuffer(string: "GET / HTTP/1.1\n"))
        #expect(take(&other, into: &lines) == "malformed_request")
        var framer = LineFramer(limit: 64)
        framer.append(ByteBuffer(string: "{"))
        #expect(take(&framer, into: &lines) == "needs more")
        framer.append(ByteBuffer(string: "}\nG\n"))
        #expect(take(&framer, into: &lines) == "needs more")
        #expect(lines == ["{}", "G"])
    }

    @Test("what was dropped does not come back")
    func drop() {
        var lines: [String] = []
        var framer = LineFramer(limit: 64)
        framer.append(ByteBuffer(string: "{\n{half"))
        #expect(take(&framer, most: 1, into: &lines) == "needs more")
        framer.drop()
        #expect(framer.unreadBytes == 0)
        framer.append(ByteBuffer(string: "new\n"))
        #expect(take(&framer, into: &lines) == "needs more")
        #expect(lines == ["{", "new"])
    }
}
