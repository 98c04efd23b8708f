import StrictJSON

/// Bytes and what the reader made of them, kept together as a request keeps them.
struct Document {
    let bytes: [UInt8]
    let index: JSONIndex

    init(_ bytes: [UInt8], depth: Int = 32, indexedDepth: Int = .max) throws(JSONError) {
        var index = JSONIndex()
        try index.read(bytes.span, maximumDepth: depth, indexedDepth: indexedDepth)
        self.bytes = bytes
        self.index = index
    }

    init(_ text: String, depth: Int = 32, indexedDepth: Int = .max) throws(JSONError) {
        try self.init(Array(text.utf8), depth: depth, indexedDepth: indexedDepth)
    }

    var root: JSONValue { index.root }

    /// The root, less the white space between its tokens.
    var compact: String { compact(root) }

    func compact(_ value: JSONValue) -> String {
        var output: [UInt8] = []
        value.appendCompact(from: bytes.span, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// Members of an object, in the order of the document.
    func members(_ object: JSONValue) -> [JSONMember] {
        var members: [JSONMember] = []
        var position = object.firstMember
        while position >= 0 {
            members.append(index.members[position])
            position = index.members[position].next
        }
        return members
    }

    /// The root's member names, unescaped.
    var names: [ByteString] { members(root).map { unescaped($0.name) } }

    /// The first value under that name, byte for byte.
    func member(_ name: ByteString) -> JSONValue? {
        members(root).first { equals($0.name, name) }?.value
    }

    /// The unescaped bytes of a string.
    func text(_ value: JSONValue) -> ByteString? { value.text.map { unescaped($0) } }
    func unescaped(_ text: JSONText) -> ByteString { ByteString(text.unescaped(in: bytes.span)) }
    /// The elements of an array.
    func elements(_ array: JSONValue) -> [JSONValue] {
        var reader = JSONArrayReader(array)
        var elements: [JSONValue] = []
        while let element = reader.next(in: bytes.span) { elements.append(element) }
        return elements
    }

    // The macros of Testing take no Span, so what is asked of one is asked here.

    func equals(_ text: JSONText, _ other: ByteString) -> Bool { text.equals(other.bytes.span, in: bytes.span) }
    func equals(_ text: JSONText, literal: StaticString) -> Bool { text.equals(literal, in: bytes.span) }
    func integer(_ value: JSONValue) -> Int64? { value.integer(in: bytes.span) }
    func double(_ value: JSONValue) -> Double? { value.double(in: bytes.span) }
}

/// Why the bytes are refused; nil when they are accepted.
func refusal(_ bytes: [UInt8], depth: Int = 32) -> JSONError? {
    do throws(JSONError) {
        _ = try Document(bytes, depth: depth)
        return nil
    } catch { return error }
}

/// Why the text is refused; nil when it is accepted.
func refusal(_ text: String, depth: Int = 32) -> JSONError? { refusal(Array(text.utf8), depth: depth) }
