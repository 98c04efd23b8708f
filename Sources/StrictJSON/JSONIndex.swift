/// Reads one JSON value strictly and remembers where the members of its outer objects stand.
///
/// Nothing is copied: the index holds offsets into the caller's bytes. One index serves many documents in turn and,
/// once grown, allocates nothing. Names are checked for duplicates at every depth (rule JSON-1); only members of objects
/// down to `indexedDepth` are kept.
package struct JSONIndex: Sendable {
    /// Members of all indexed objects. Those of one object are linked by `next`.
    package private(set) var members: [JSONMember] = []
    /// The value that was read.
    package private(set) var root = JSONValue(kind: .null, start: 0, end: 0, flag: false, firstMember: -1)
    private var duplicates = DuplicateCheck()

    /// An index that a hostile document has grown beyond this is given back.
    private static let keptCapacity = 1024

    package init() {}

    /// Reads `bytes` as exactly one value, white space around it.
    ///
    /// - Parameters:
    ///   - maximumDepth: How deep arrays and objects may nest; a single object is depth 1.
    ///   - indexedDepth: Members of objects at most this deep are kept in `members`.
    package mutating func read(
        _ bytes: Span<UInt8>, maximumDepth: Int, indexedDepth: Int = .max
    ) throws(JSONError) {
        if members.capacity > Self.keptCapacity { members = [] } else { members.removeAll(keepingCapacity: true) }
        duplicates.giveBack(beyond: Self.keptCapacity)
        var scanner = JSONScanner(maximumDepth: maximumDepth)
        scanner.skipWhiteSpace(in: bytes)
        root = try readValue(&scanner, bytes, depth: 0, indexedDepth)
        scanner.skipWhiteSpace(in: bytes)
        guard scanner.position == bytes.count else { throw .trailingBytes(at: scanner.position) }
    }

    /// Reads the value at the scanner's position without keeping members of it.
    mutating func readElement(_ scanner: inout JSONScanner, _ bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
        try readValue(&scanner, bytes, depth: 0, 0)
    }

    private mutating func readValue(
        _ scanner: inout JSONScanner, _ bytes: Span<UInt8>, depth: Int, _ indexedDepth: Int
    ) throws(JSONError) -> JSONValue {
        let start = scanner.position
        guard start < bytes.count else { throw .unexpectedEnd }
        func value(_ kind: JSONKind, flag: Bool = false, firstMember: Int = -1) -> JSONValue {
            JSONValue(kind: kind, start: start, end: scanner.position, flag: flag, firstMember: firstMember)
        }
        switch bytes[start] {
        case UInt8(ascii: "{"):
            let whiteSpace = scanner.whiteSpace
            let first = try readObject(&scanner, bytes, depth: depth + 1, indexedDepth)
            return value(.object, flag: scanner.whiteSpace != whiteSpace, firstMember: first)
        case UInt8(ascii: "["):
            let whiteSpace = scanner.whiteSpace
            try readArray(&scanner, bytes, depth: depth + 1, indexedDepth)
            return value(.array, flag: scanner.whiteSpace != whiteSpace)
        case UInt8(ascii: "\""):
            let text = try scanner.readString(in: bytes)
            return value(.string, flag: text.hasEscapes)
        case UInt8(ascii: "t"):
            try scanner.readLiteral("true", in: bytes)
            return value(.true)
        case UInt8(ascii: "f"):
            try scanner.readLiteral("false", in: bytes)
            return value(.false)
        case UInt8(ascii: "n"):
            try scanner.readLiteral("null", in: bytes)
            return value(.null)
        default:
            try scanner.readNumber(in: bytes)
            return value(.number)
        }
    }

    /// Reads an object whose brace stands at the position; returns the position of its first member, -1 for none kept.
    private mutating func readObject(
        _ scanner: inout JSONScanner, _ bytes: Span<UInt8>, depth: Int, _ indexedDepth: Int
    ) throws(JSONError) -> Int {
        guard depth <= scanner.maximumDepth else { throw .tooDeep(at: scanner.position) }
        let first = members.count
        var last = -1
        var count = 0
        scanner.position += 1
        scanner.skipWhiteSpace(in: bytes)
        if scanner.take(UInt8(ascii: "}"), in: bytes) { return -1 }
        while true {
            let name = try scanner.readString(in: bytes)
            scanner.skipWhiteSpace(in: bytes)
            try scanner.expect(UInt8(ascii: ":"), in: bytes)
            scanner.skipWhiteSpace(in: bytes)
            let position = members.count
            members.append(JSONMember(name: name, value: root))
            if last >= 0 { members[last].link(to: position) }
            last = position
            count += 1
            members[position].complete(with: try readValue(&scanner, bytes, depth: depth, indexedDepth))
            scanner.skipWhiteSpace(in: bytes)
            if scanner.take(UInt8(ascii: "}"), in: bytes) { break }
            try scanner.expect(UInt8(ascii: ","), in: bytes)
            scanner.skipWhiteSpace(in: bytes)
        }
        try duplicates.refuse(members, from: first, count: count, bytes)
        guard depth > indexedDepth else { return first }
        members.removeSubrange(first...)
        return -1
    }

    private mutating func readArray(
        _ scanner: inout JSONScanner, _ bytes: Span<UInt8>, depth: Int, _ indexedDepth: Int
    ) throws(JSONError) {
        guard depth <= scanner.maximumDepth else { throw .tooDeep(at: scanner.position) }
        scanner.position += 1
        scanner.skipWhiteSpace(in: bytes)
        if scanner.take(UInt8(ascii: "]"), in: bytes) { return }
        while true {
            _ = try readValue(&scanner, bytes, depth: depth, indexedDepth)
            scanner.skipWhiteSpace(in: bytes)
            if scanner.take(UInt8(ascii: "]"), in: bytes) { return }
            try scanner.expect(UInt8(ascii: ","), in: bytes)
            scanner.skipWhiteSpace(in: bytes)
        }
    }
}
