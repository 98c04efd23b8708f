internal import StrictJSON

/// A line of the log on its way to whoever reads it: text for a stream, an entry with fields of its own for the journal.
///
/// Used again for line after line, so that a line costs no memory.
package struct LogLine {
    /// What the log's reader takes.
    package enum Form: Sendable {
        /// `signetd: warning: refused uid=1000 code=not_permitted` and a LF.
        case text
        /// An entry, encoded as `LogLine.entry(at:in:)` reads it: `MESSAGE` is the text, without program and level, and each
        /// field is there again by its name: `SIGNET_UID=1000`.
        case journal
    }

    /// How grave it is, by the numbers of syslog(3).
    package enum Priority: UInt8, Sendable {
        case critical = 2
        case error, warning, notice, info, debug
    }

    package let form: Form
    private var text: [UInt8] = []
    private var fields: [UInt8] = []
    private var priority = Priority.info
    private var event: ServiceEvent?

    package init(_ form: Form) { self.form = form }

    /// Begins a line with its message. Whatever it holds, the line is one line.
    package mutating func begin(_ message: Span<UInt8>, _ priority: Priority, _ event: ServiceEvent?) {
        self.priority = priority
        self.event = event
        text.removeAll(keepingCapacity: true)
        fields.removeAll(keepingCapacity: true)
        for offset in 0..<message.count {
            let byte = message[offset]
            text.append(byte < 0x20 || byte == 0x7F ? UInt8(ascii: "?") : byte)
        }
    }

    /// Adds a field.
    ///
    /// - Parameter name: Lower case letters and `_`.
    package mutating func add(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        text.append(UInt8(ascii: " "))
        text.append(name)
        text.append(UInt8(ascii: "="))
        text.appendFieldValue(value)
        guard form == .journal else { return }
        let start = fields.beginPiece()
        fields.append("SIGNET_")
        for offset in 0..<name.count {
            let byte = name[offset]
            fields.append(UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte ? byte - 0x20 : byte)
        }
        fields.append(UInt8(ascii: "="))
        fields.append(value)
        fields.endPiece(start)
    }

    /// Appends the whole line.
    package func append(to bytes: inout [UInt8]) {
        switch form {
        case .text:
            bytes.append("signetd: ")
            if let level = priority.level { bytes.append(level) }
            bytes.append(text.span)
            bytes.append(0x0A)
        case .journal:
            let start = bytes.beginPiece()
            bytes.appendPiece("MESSAGE=", text.span)
            bytes.appendPiece("PRIORITY=", [UInt8(ascii: "0") + priority.rawValue].span)
            if let event {
                let id = bytes.beginPiece()
                bytes.append("MESSAGE_ID=")
                bytes.append(event.messageID)
                bytes.endPiece(id)
            }
            bytes.append(fields.span)
            bytes.endPiece(start)
        }
    }

    /// The entry of the journal that begins at `offset` in what `append` has written: where each `NAME=value` of it stands,
    /// and where the next entry begins.
    package static func entry(at offset: Int, in bytes: Span<UInt8>) -> (fields: [Range<Int>], end: Int) {
        let end = offset + lengthBytes + bytes.length(at: offset)
        var fields: [Range<Int>] = []
        var next = offset + lengthBytes
        while next < end {
            let start = next + lengthBytes
            next = start + bytes.length(at: next)
            fields.append(start..<next)
        }
        return (fields, end)
    }

    /// Bytes of the length that stands before each entry and each field, the lowest first.
    fileprivate static let lengthBytes = 4
}

extension LogLine.Priority {
    /// As text shows it: from warnings on.
    fileprivate var level: StaticString? {
        switch self {
        case .critical: "critical: "
        case .error: "error: "
        case .warning: "warning: "
        case .notice, .info, .debug: nil
        }
    }
}

extension Array where Element == UInt8 {
    /// Leaves room for a length; `endPiece` fills it.
    fileprivate mutating func beginPiece() -> Int {
        for _ in 0..<LogLine.lengthBytes { append(0) }
        return count
    }

    fileprivate mutating func endPiece(_ start: Int) {
        var length = UInt32(truncatingIfNeeded: count - start)
        for position in start - LogLine.lengthBytes..<start {
            self[position] = UInt8(truncatingIfNeeded: length)
            length >>= 8
        }
    }

    fileprivate mutating func appendPiece(_ name: StaticString, _ value: Span<UInt8>) {
        let start = beginPiece()
        append(name)
        append(value)
        endPiece(start)
    }
}

extension Span where Element == UInt8 {
    fileprivate func length(at offset: Int) -> Int {
        (0..<LogLine.lengthBytes).reduce(0) { $0 | Int(self[offset + $1]) << (8 * $1) }
    }
}
