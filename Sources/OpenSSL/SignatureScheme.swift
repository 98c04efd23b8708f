/// How a key pair signs: what RFC 7518 sections 3.3 to 3.5 and RFC 8037 leave to choose.
package enum SignatureScheme: Equatable, Sendable {
    /// RSASSA-PKCS1-v1_5 with this hash.
    case rsaPKCS1(digest: String)
    /// RSASSA-PSS: salt as long as the hash, MGF1 with the same hash (rule SIG-2).
    case rsaPSS(digest: String)
    /// ECDSA with this hash; the signature is raw R‖S of twice this length (rule SIG-1).
    case ecdsa(digest: String, coordinateLength: Int)
    /// Ed25519 or Ed448, by the key.
    case edDSA

    var digest: String? {
        switch self {
        case .rsaPKCS1(let digest), .rsaPSS(let digest), .ecdsa(let digest, _): digest
        case .edDSA: nil
        }
    }
}
