internal import NIOCore
internal import WireProtocol

/// Finds request lines in what arrives on one connection (docs/protocol.md, framing).
struct LineFramer {
    /// Longest line in bytes, its LF included.
    private let limit: Int
    private var input = ByteBuffer()
    /// Bytes of `input` in which no LF is, so that a peer that drips is not searched again and again.
    private var searched = 0
    private var isFirstByte = true
    /// Bytes of lines that were handed out, since the last call of `unansweredBytes`.
    private var consumed = 0

    init(limit: Int) { self.limit = limit }

    /// Why `next` came back.
    enum Pause {
        /// Every whole line was handed out.
        case needsMore
        /// The caller had enough.
        case paused
        /// The connection cannot go on: framing is lost, or it never spoke this protocol.
        case refused(Refusal)
    }

    /// Whether the beginning of a line is here and its LF is not.
    var isInsideLine: Bool { input.readableBytes > 0 }

    /// Bytes that are here and were not handed out.
    var unreadBytes: Int { input.readableBytes }

    mutating func append(_ bytes: ByteBuffer) {
        if input.readableBytes == 0 {
            input = bytes
        } else {
            input.writeImmutableBuffer(bytes)
        }
    }

    /// Hands out whole lines without their LF, in order, while `goesOn` says so.
    mutating func next(
        while goesOn: () -> Bool, _ body: (_ line: Span<UInt8>, _ consumed: Int) -> Void
    ) -> Pause {
        // A local, so that spans over it are independent of `self`.
        var input = ByteBuffer()
        swap(&input, &self.input)
        defer { self.input = input }
        var offset = 0
        let outcome = scan(input.readableBytesUInt8Span, &offset, goesOn, body)
        input.moveReaderIndex(forwardBy: offset)
        searched -= min(searched, offset)
        if input.readableBytes == 0 {
            input = ByteBuffer()
        } else if offset > 0, case .needsMore = outcome {
            // The rest of a turn is short: a copy of it lets the whole receive buffer go.
            input = ByteBuffer(buffer: input)
        }
        return outcome
    }

    private mutating func scan(
        _ bytes: Span<UInt8>, _ offset: inout Int, _ goesOn: () -> Bool,
        _ body: (_ line: Span<UInt8>, _ consumed: Int) -> Void
    ) -> Pause {
        if isFirstByte, bytes.count > 0 {
            guard bytes[0] == UInt8(ascii: "{") else {
                return .refused(.malformed("this is a line protocol: every line is one JSON object"))
            }
            isFirstByte = false
        }
        while true {
            guard let end = Self.lineEnd(bytes, from: max(offset, searched)) else {
                searched = bytes.count
                return bytes.count - offset < limit ? .needsMore : .refused(tooLarge)
            }
            guard end + 1 - offset <= limit else { return .refused(tooLarge) }
            guard goesOn() else { return .paused }
            consumed += end + 1 - offset
            body(bytes.extracting(offset..<end), consumed)
            offset = end + 1
        }
    }

    private var tooLarge: Refusal {
        Refusal(.tooLarge, "a request line is at most \(limit) bytes, its LF included")
    }

    /// Bytes that are here and not handed out; counting of `consumed` begins anew.
    var unansweredBytes: Int {
        mutating get {
            consumed = 0
            return input.readableBytes
        }
    }

    /// Forgets what is here.
    mutating func drop() { input = ByteBuffer() }

    private static func lineEnd(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        var offset = start
        while offset < bytes.count {
            if bytes[offset] == 0x0A { return offset }
            offset += 1
        }
        return nil
    }
}
