internal import JOSE
internal import StrictJSON

/// A token taken apart, no key in sight: what `TokenCheck` needs of it.
struct ParsedToken {
    let bytes: [UInt8]
    let signingInput: Range<Int>
    let signature: [UInt8]
    /// nil for an algorithm that there is not.
    let algorithm: Algorithm?
    /// What the header says of it, as a message may show it.
    let algorithmText: String
    let kid: ByteString?

    /// nil when it is malformed (rules B64-1, HDR-2, HDR-5, JSON-1, JSON-2), or its `kid` is no string (HDR-4).
    init?(_ token: [UInt8], maximumDepth: Int) {
        guard let parts = CompactJWS(token.span),
            let header = Base64URL.decode(token.span.extracting(parts.header)),
            let signature = Base64URL.decode(token.span.extracting(parts.signature)),
            Base64URL.decode(token.span.extracting(parts.payload)) != nil
        else { return nil }
        var index = JSONIndex()
        guard (try? index.read(header.span, maximumDepth: maximumDepth, indexedDepth: 1)) != nil,
            let members = JWSHeader(index, in: header.span)
        else { return nil }
        switch members.kid {
        case .missing: kid = nil
        case .text(let text): kid = ByteString(text.unescaped(in: header.span))
        case .unusable: return nil
        }
        let name = members.algorithm.map { ByteString($0.unescaped(in: header.span)) }
        algorithm = name.flatMap { Algorithm(name: $0) }
        algorithmText = name?.quoted ?? "nothing"
        bytes = token
        signingInput = parts.signingInput
        self.signature = signature
    }
}
