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
    /// Positions to sort when an object has many members.
    private var order: [Int32] = []

    /// Objects with more members are checked for duplicates by sorting, so that no peer can make the check quadratic.
    private static let fewMembers = 16
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
        if order.capacity > Self.keptCapacity { order = [] }
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
        try refuseDuplicates(from: first, count: count, bytes)
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

    /// Rule JSON-1, over the `count` members linked from `first`.
    private mutating func refuseDuplicates(from first: Int, count: Int, _ bytes: Span<UInt8>) throws(JSONError) {
        guard count > Self.fewMembers else {
            var left = first
            while left >= 0 {
                var right = members[left].next
                while right >= 0 {
                    if members[left].name.equals(members[right].name, in: bytes) {
                        throw .duplicateName(name: members[right].name)
                    }
                    right = members[right].next
                }
                left = members[left].next
            }
            return
        }
        order.removeAll(keepingCapacity: true)
        var position = first
        while position >= 0 {
            order.append(Int32(position))
            position = members[position].next
        }
        sortOrder(bytes)
        for index in 1..<order.count {
            let (left, right) = (members[Int(order[index - 1])].name, members[Int(order[index])].name)
            if left.compare(right, in: bytes) == 0 {
                throw .duplicateName(name: left.start > right.start ? left : right)
            }
        }
    }

    /// Heapsort by name: in place, without a closure that would have to capture the span.
    private mutating func sortOrder(_ bytes: Span<UInt8>) {
        var heapSize = order.count
        for root in stride(from: heapSize / 2 - 1, through: 0, by: -1) { siftDown(root, heapSize, bytes) }
        while heapSize > 1 {
            heapSize -= 1
            order.swapAt(0, heapSize)
            siftDown(0, heapSize, bytes)
        }
    }

    private mutating func siftDown(_ start: Int, _ heapSize: Int, _ bytes: Span<UInt8>) {
        func name(_ index: Int) -> JSONText { members[Int(order[index])].name }
        var root = start
        while 2 * root + 1 < heapSize {
            var child = 2 * root + 1
            if child + 1 < heapSize, name(child).compare(name(child + 1), in: bytes) < 0 { child += 1 }
            if name(root).compare(name(child), in: bytes) >= 0 { return }
            order.swapAt(root, child)
            root = child
        }
    }
}
