internal import NIOCore
internal import StrictJSON
internal import WireProtocol

/// Finds request lines in what arrives on one connection (docs/protocol.md, framing).
struct LineFramer {
    /// Longest line in bytes, its LF included.
    private let limit: Int
    private var input = ByteBuffer()
    /// The beginning of a line whose end is still to come, or is in `input`: what arrives of a line is put together here and
    /// searched once, and the receive buffer goes back.
    private var begun: [UInt8] = []
    private var isFirstByte = true
    /// Bytes of lines that were handed out, since the last call of `unansweredBytes`.
    private var consumed = 0

    /// Memory for the beginnings of lines that one line has grown beyond this is given back, in bytes.
    private static let keptCapacity = 4096

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
    var isInsideLine: Bool { unreadBytes > 0 }

    /// Bytes that are here and were not handed out.
    var unreadBytes: Int { begun.count + input.readableBytes }

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
        // Locals, so that spans over them are independent of `self`.
        var (input, begun): (ByteBuffer, [UInt8]) = (ByteBuffer(), [])
        swap(&input, &self.input)
        swap(&begun, &self.begun)
        defer {
            self.input = input
            self.begun = begun
        }
        var offset = 0
        let outcome = scan(input.readableBytesUInt8Span, &begun, &offset, goesOn, body)
        input.moveReaderIndex(forwardBy: offset)
        if case .needsMore = outcome {
            begun.append(input.readableBytesUInt8Span)
            input = ByteBuffer()
        }
        return outcome
    }

    private mutating func scan(
        _ bytes: Span<UInt8>, _ begun: inout [UInt8], _ offset: inout Int, _ goesOn: () -> Bool,
        _ body: (_ line: Span<UInt8>, _ consumed: Int) -> Void
    ) -> Pause {
        if isFirstByte, bytes.count > 0 {
            guard bytes[0] == UInt8(ascii: "{") else {
                return .refused(.malformed("this is a line protocol: every line is one JSON object"))
            }
            isFirstByte = false
        }
        while let end = bytes.firstIndex(of: 0x0A, from: offset) {
            let length = begun.count + end + 1 - offset
            guard length <= limit else { return .refused(tooLarge) }
            guard goesOn() else { return .paused }
            consumed += length
            if begun.isEmpty {
                body(bytes.extracting(offset..<end), consumed)
            } else {
                begun.append(bytes, from: offset, to: end)
                body(begun.span, consumed)
                begun.removeAll(keepingCapacity: begun.capacity <= Self.keptCapacity)
            }
            offset = end + 1
        }
        return begun.count + bytes.count - offset < limit ? .needsMore : .refused(tooLarge)
    }

    private var tooLarge: Refusal {
        Refusal(.tooLarge, "a request line is at most \(limit) bytes, its LF included")
    }

    /// Bytes that are here and not handed out; counting of `consumed` begins anew.
    var unansweredBytes: Int {
        mutating get {
            consumed = 0
            return unreadBytes
        }
    }

    /// Forgets what is here.
    mutating func drop() {
        input = ByteBuffer()
        begun = []
    }
}
