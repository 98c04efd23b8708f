import StrictJSON

/// Reads TOML 1.0 without floats and dates, which no setting takes, and keeps where every key and value stands.
///
/// The work grows with the file's size only. Keys are compared as bytes (rule UNI-1).
package struct TOMLReader {
    /// How many tables and arrays may lie inside one another below the file's own table.
    package static let maximumDepth = 32

    private var scanner: TOMLScanner
    private var tree = TableTree()

    private init(_ bytes: [UInt8]) { scanner = TOMLScanner(bytes) }

    /// The table that a file holds.
    package static func read(_ bytes: [UInt8]) throws(TOMLError) -> TOMLTable {
        try requireUTF8(bytes)
        var reader = TOMLReader(bytes)
        try reader.readDocument()
        return reader.tree.finished(TableTree.root)
    }

    private mutating func readDocument() throws(TOMLError) {
        var table = TableTree.root
        while true {
            try scanner.skipLines()
            if scanner.isAtEnd { return }
            if scanner.byte == UInt8(ascii: "[") {
                table = try readHeader()
            } else {
                try readMember(of: table)
            }
            try scanner.expectLineEnd()
        }
    }

    /// `[a.b]` or `[[a.b]]`.
    private mutating func readHeader() throws(TOMLError) -> Int {
        let start = scanner.position
        scanner.offset += 1
        let isElement = scanner.take("[")
        var parts = try scanner.readKey()
        guard scanner.take("]"), !isElement || scanner.take("]") else { throw scanner.error(.expectedHeaderEnd) }
        let last = parts.removeLast()
        var table = TableTree.root
        for part in parts { table = try tree.headerTable(part, in: table) }
        return isElement
            ? try tree.beginElement(last, in: table, at: start) : try tree.beginTable(last, in: table, at: start)
    }

    /// `a.b = value`
    private mutating func readMember(of table: Int) throws(TOMLError) {
        var parts = try scanner.readKey()
        guard scanner.take("=") else { throw scanner.error(.expectedEqualsSign) }
        scanner.skipBlanks()
        let last = parts.removeLast()
        var table = table
        for part in parts { table = try tree.dottedTable(part, in: table) }
        let node = try readNode(depth: tree.depth(of: table) + 1)
        try tree.add(.value(node), as: last, to: table)
    }

    /// - Parameter depth: That of the value, if it is an array or a table.
    private mutating func readNode(depth: Int) throws(TOMLError) -> TOMLNode {
        let start = scanner.position
        let value: TOMLValue =
            switch scanner.byte {
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                .string(ByteString(try scanner.readString(mayBeMultiLine: true)))
            case UInt8(ascii: "["): .array(try readArray(depth: depth))
            case UInt8(ascii: "{"): .table(try readInlineTable(depth: depth))
            default: try scanner.readWord()
            }
        return TOMLNode(value: value, position: start)
    }

    private mutating func readArray(depth: Int) throws(TOMLError) -> [TOMLNode] {
        guard depth <= Self.maximumDepth else { throw scanner.error(.tooDeep) }
        scanner.offset += 1
        var elements: [TOMLNode] = []
        while true {
            try scanner.skipLines()
            if scanner.take("]") { return elements }
            elements.append(try readNode(depth: depth + 1))
            try scanner.skipLines()
            if scanner.take("]") { return elements }
            guard scanner.take(",") else { throw scanner.error(.expectedArrayEnd) }
        }
    }

    private mutating func readInlineTable(depth: Int) throws(TOMLError) -> TOMLTable {
        let table = try tree.makeTable(.inline, at: scanner.position, depth: depth)
        scanner.offset += 1
        scanner.skipBlanks()
        if scanner.take("}") { return tree.removeTable(table) }
        while true {
            try readMember(of: table)
            scanner.skipBlanks()
            if scanner.take("}") { return tree.removeTable(table) }
            guard scanner.take(",") else { throw scanner.error(.expectedTableEnd) }
        }
    }

    private static func requireUTF8(_ bytes: [UInt8]) throws(TOMLError) {
        var parser = UTF8.ForwardParser()
        var input = bytes.makeIterator()
        var scanner = TOMLScanner(bytes)
        while true {
            switch parser.parseScalar(from: &input) {
            case .valid(let encoded):
                if !scanner.takeLineEnd() { scanner.offset += encoded.count }
            case .emptyInput: return
            case .error: throw scanner.error(.invalidUTF8)
            }
        }
    }
}
