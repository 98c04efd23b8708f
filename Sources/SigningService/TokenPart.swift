internal import JOSE
internal import StrictJSON
internal import WireProtocol

/// What is decoded of a token: its signature; its header and then its payload, read as one JSON object. Used again for each,
/// so that a verification asks for no memory.
struct TokenPart {
    /// Of the header or the payload.
    private(set) var bytes: [UInt8] = []
    private(set) var signature: [UInt8] = []
    private(set) var index = JSONIndex()

    /// Decodes and reads a segment; false when it is not the canonical base64url of one JSON object.
    mutating func read(_ segment: Span<UInt8>) -> Bool {
        guard Self.decode(segment, into: &bytes) else { return false }
        let bytes = bytes
        do throws(JSONError) {
            try index.read(bytes.span, maximumDepth: Limits.tokenDepth, indexedDepth: 1)
            return index.root.kind == .object
        } catch { return false }
    }

    /// Decodes the signature; false when it is not canonical base64url.
    mutating func readSignature(_ segment: Span<UInt8>) -> Bool { Self.decode(segment, into: &signature) }

    private static func decode(_ segment: Span<UInt8>, into bytes: inout [UInt8]) -> Bool {
        guard let count = Base64URL.decodedCount(segment.count) else { return false }
        bytes.removeAll(keepingCapacity: true)
        bytes.append(addingCapacity: count) { $0.append(repeating: 0, count: count) }
        var decoded = bytes.mutableSpan
        return Base64URL.decode(segment, into: &decoded)
    }

    /// Appends the object byte for byte, less the white space between its tokens (rule JSON-3).
    func appendCompact(to output: inout [UInt8]) {
        index.root.appendCompact(from: bytes.span, to: &output)
    }
}
