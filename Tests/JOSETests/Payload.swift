import JOSE
import StrictJSON

/// A JSON text and its index: a header or a payload.
struct Payload {
    let bytes: [UInt8]
    let index: JSONIndex

    init(_ text: String) throws(JSONError) {
        let bytes = Array(text.utf8)
        var index = JSONIndex()
        try index.read(bytes.span, maximumDepth: 32, indexedDepth: 1)
        self.bytes = bytes
        self.index = index
    }

    /// The root as a string.
    var text: JSONText? { index.root.text }
    /// The root as a token's header; nil when it is malformed.
    var header: JWSHeader? { JWSHeader(index, in: bytes.span) }
    func unescaped(_ text: JSONText) -> ByteString { ByteString(text.unescaped(in: bytes.span)) }
}
