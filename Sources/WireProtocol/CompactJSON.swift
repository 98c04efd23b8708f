package import StrictJSON

extension Limits {
    /// How deep the JSON may nest that a client reads or takes over; more than any request or token holds, so that
    /// members which the client does not know may hold something deeper.
    package static let clientDepth = 64
}

/// One valid JSON value as its text, without white space between its tokens (rule JSON-3).
///
/// So it holds no bare LF or CR and can stand in a line of the wire; numbers, escapes and the order of members are
/// those it was made with, byte for byte.
package struct CompactJSON: Hashable, Sendable {
    package let bytes: [UInt8]

    /// Reads `text` as exactly one value, white space around it.
    /// - Throws: Why it is not JSON (rules JSON-1 and JSON-2).
    package init(parsing text: Span<UInt8>) throws(JSONError) {
        var index = JSONIndex()
        try index.read(text, maximumDepth: Limits.clientDepth, indexedDepth: 0)
        self.init(index.root, in: text)
    }

    /// A value that an index found valid.
    package init(_ value: JSONValue, in text: Span<UInt8>) {
        var bytes: [UInt8] = []
        value.appendCompact(from: text, to: &bytes)
        self.bytes = bytes
    }

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Text that was put together of whole values, without white space between its tokens.
    package init(compact bytes: [UInt8]) { self.bytes = bytes }

    package static let null = CompactJSON(Array("null".utf8))

    package static func bool(_ value: Bool) -> CompactJSON { CompactJSON(Array((value ? "true" : "false").utf8)) }

    package static func integer(_ value: some BinaryInteger) -> CompactJSON { CompactJSON(Array(String(value).utf8)) }

    /// The shortest digits that read back as the same double; nil for infinities and NaN, which JSON cannot write.
    package static func double(_ value: Double) -> CompactJSON? {
        value.isFinite ? CompactJSON(Array(value.description.utf8)) : nil
    }

    package static func string(_ value: String) -> CompactJSON {
        var bytes: [UInt8] = []
        bytes.appendJSONString(value)
        return CompactJSON(bytes)
    }

    package static func array(_ elements: some Sequence<CompactJSON>) -> CompactJSON {
        var bytes: [UInt8] = [UInt8(ascii: "[")]
        for element in elements {
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            bytes += element.bytes
        }
        bytes.append(UInt8(ascii: "]"))
        return CompactJSON(bytes)
    }

    /// An object with these members in this order. Of two with the same name both are written; who reads it refuses
    /// them (rule JSON-1).
    package static func object(_ members: some Sequence<(name: String, value: CompactJSON)>) -> CompactJSON {
        var bytes: [UInt8] = [UInt8(ascii: "{")]
        for member in members {
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            bytes.appendJSONString(member.name)
            bytes.append(UInt8(ascii: ":"))
            bytes += member.value.bytes
        }
        bytes.append(UInt8(ascii: "}"))
        return CompactJSON(bytes)
    }
}
