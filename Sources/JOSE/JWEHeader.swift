internal import StrictJSON

/// The protected header of a sealed key, read strictly.
struct JWEHeader {
    let keyID: ByteString
    let keyring: ByteString

    /// How deep a header may nest.
    private static let maximumDepth = 32
    /// Longest `kid` and `keyring` in bytes.
    private static let longestName = JWKMembers.longestKeyID

    /// Members that say nothing here are passed over (RFC 7516 section 4.3); what changes the meaning is refused.
    init(_ bytes: [UInt8]) throws(JWEError) {
        var index = JSONIndex()
        do throws(JSONError) {
            try index.read(bytes.span, maximumDepth: Self.maximumDepth, indexedDepth: 1)
        } catch { throw .invalidHeader(error.message(in: bytes.span)) }
        guard index.root.kind == .object else { throw .invalidHeader("is no object") }
        var values: [String: JSONValue] = [:]
        var position = index.root.firstMember
        while position >= 0 {
            let member = index.members[position]
            position = member.next
            for name in ["alg", "enc", "cty", "kid", "keyring", "crit", "zip"]
            where member.name.equals(name.utf8.span, in: bytes.span) {
                values[name] = member.value
            }
        }
        // RFC 7516 section 4.1.13: whoever knows no extension refuses `crit`. Section 4.1.3: we compress nothing, and
        // the length of what is compressed tells of its content.
        for name in ["crit", "zip"] where values[name] != nil { throw .invalidMember(name, "is not supported") }
        for (name, only) in [("alg", "dir"), ("enc", "A256GCM"), ("cty", "jwk+json")] {
            let found = try Self.text(name, values, in: bytes)
            guard found == ByteString(only) else {
                throw .invalidMember(name, "is \(found.quoted) where only \"\(only)\" will do")
            }
        }
        keyID = try Self.text("kid", values, in: bytes)
        keyring = try Self.text("keyring", values, in: bytes)
    }

    /// The header of a key that is sealed under the KEK `keyID` for a keyring.
    static func write(keyID: ByteString, keyring: ByteString) -> [UInt8] {
        var header: [UInt8] = []
        header.append("{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"cty\":\"jwk+json\",\"kid\":")
        header.appendJSONString(keyID.bytes)
        header.append(",\"keyring\":")
        header.appendJSONString(keyring.bytes)
        header.append("}")
        return header
    }

    private static func text(
        _ name: String, _ values: [String: JSONValue], in bytes: [UInt8]
    ) throws(JWEError) -> ByteString {
        guard let value = values[name] else { throw .missingMember(name) }
        guard let text = value.text, 1...longestName ~= text.unescapedCount(in: bytes.span) else {
            throw .invalidMember(name, "must be a string of 1 to \(longestName) bytes")
        }
        return ByteString(text.unescaped(in: bytes.span))
    }
}
