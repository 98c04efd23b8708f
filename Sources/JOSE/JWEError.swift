/// Why a file is not a sealed key. Nothing of a JWE's text is secret, yet no message holds more of it than a name.
package enum JWEError: Error, Equatable, Sendable {
    /// RFC 7516 section 7.2, where section 7.1 is wanted.
    case jsonSerialization
    /// So many segments where five are wanted.
    case segments(Int)
    case notBase64URL(Segment)
    /// The second segment is not empty.
    case encryptedKey
    case wrongLength(Segment, bytes: Int, needs: Int)
    case invalidHeader(String)
    case missingMember(String)
    case invalidMember(String, String)

    package enum Segment: String, Sendable {
        case header = "protected header"
        case initializationVector = "initialization vector"
        case ciphertext
        case tag = "authentication tag"
    }

    package var problem: String {
        switch self {
        case .jsonSerialization: "is a JWE in JSON serialization, not in the compact one"
        case .segments(let count): "is no JWE in compact serialization: \(count) segments where there must be 5"
        case .notBase64URL(let segment): "its \(segment.rawValue) is no base64url without padding"
        case .encryptedKey: "holds an encrypted key, which \"alg\" \"dir\" does not have"
        case .wrongLength(let segment, let bytes, let needs):
            "its \(segment.rawValue) has \(bytes) bytes where there must be \(needs)"
        case .invalidHeader(let problem): "has a protected header that is no valid JSON object: \(problem)"
        case .missingMember(let name): "has no \"\(name)\" in its protected header"
        case .invalidMember(let name, let problem): "\"\(name)\" in its protected header \(problem)"
        }
    }
}
