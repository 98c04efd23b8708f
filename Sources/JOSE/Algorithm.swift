package import OpenSSL
package import StrictJSON

/// The signature algorithms there are (RFC 7518 section 3.1, RFC 8037, RFC 9864). The key decides which one, never the
/// token (rule ALG-1).
///
/// No case stands for `none`, so no code path can reach it (rule ALG-2).
package enum Algorithm: String, CaseIterable, Sendable {
    case hs256 = "HS256"
    case hs384 = "HS384"
    case hs512 = "HS512"
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"
    /// Either Edwards curve under the one name of RFC 8037.
    case edDSA = "EdDSA"
    /// The names of RFC 9864, each for one curve.
    case ed25519 = "Ed25519"
    case ed448 = "Ed448"

    /// The value of the header's `alg`.
    package var name: String { rawValue }

    /// All names, as a message lists them.
    package static var names: String { allCases.map(\.name).joined(separator: ", ") }

    /// The algorithm of exactly that name: case and every byte count.
    package init?(name: ByteString) {
        guard let match = Self.allCases.first(where: { name.bytes.elementsEqual($0.rawValue.utf8) }) else { return nil }
        self = match
    }

    /// How it signs.
    package var mechanism: Mechanism {
        switch self {
        case .hs256: .hmac(digest: "SHA256", length: 32)
        case .hs384: .hmac(digest: "SHA384", length: 48)
        case .hs512: .hmac(digest: "SHA512", length: 64)
        case .rs256: .keyPair(.rsaPKCS1(digest: "SHA256"))
        case .rs384: .keyPair(.rsaPKCS1(digest: "SHA384"))
        case .rs512: .keyPair(.rsaPKCS1(digest: "SHA512"))
        case .ps256: .keyPair(.rsaPSS(digest: "SHA256"))
        case .ps384: .keyPair(.rsaPSS(digest: "SHA384"))
        case .ps512: .keyPair(.rsaPSS(digest: "SHA512"))
        case .es256: .keyPair(.ecdsa(digest: "SHA256", coordinateLength: 32))
        case .es384: .keyPair(.ecdsa(digest: "SHA384", coordinateLength: 48))
        case .es512: .keyPair(.ecdsa(digest: "SHA512", coordinateLength: 66))
        case .edDSA, .ed25519, .ed448: .keyPair(.edDSA)
        }
    }

    package enum Mechanism: Equatable, Sendable {
        /// With OpenSSL's name of the hash, and its length in bytes: that of a signature, and the fewest that a key may
        /// have (RFC 7518 section 3.2, rule KEY-1).
        case hmac(digest: String, length: Int)
        case keyPair(SignatureScheme)
    }

    /// The fewest bits of an RSA modulus (RFC 7518 section 3.3, rule KEY-2).
    package static let smallestRSAModulus = 2048
    /// The most: beyond it one signature would hold up its loop.
    package static let largestRSAModulus = 16_384
    /// The most bytes of an RSA public exponent: with a longer one OpenSSL verifies nothing under a modulus beyond
    /// 3,072 bits, and takes as long as for a signature under a smaller one.
    package static let longestRSAExponent = 8

    /// Whether key pairs of this kind are for it (rule KEY-3).
    package func fits(_ kind: KeyPair.Kind) -> Bool {
        switch (self, kind) {
        case (.rs256, .rsa), (.rs384, .rsa), (.rs512, .rsa), (.ps256, .rsa), (.ps384, .rsa), (.ps512, .rsa): true
        case (.es256, .ec(.p256)), (.es384, .ec(.p384)), (.es512, .ec(.p521)): true
        case (.edDSA, .ed25519), (.edDSA, .ed448), (.ed25519, .ed25519), (.ed448, .ed448): true
        default: false
        }
    }

    /// Whether a key that says this `alg` may be used in a ring for `ring`: the same name; and a key that says "EdDSA"
    /// in a ring that names its curve.
    package func fits(ring: Algorithm) -> Bool {
        self == ring || (self == .edDSA && (ring == .ed25519 || ring == .ed448))
            || (ring == .edDSA && (self == .ed25519 || self == .ed448))
    }

    /// What a new key of it is; nil for HMAC, whose keys are octets. `EdDSA` makes Ed25519 keys.
    package var newKeyPair: KeyPair.Kind? {
        switch self {
        case .hs256, .hs384, .hs512: nil
        case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512: .rsa(bits: Self.newRSAModulus)
        case .es256: .ec(.p256)
        case .es384: .ec(.p384)
        case .es512: .ec(.p521)
        case .edDSA, .ed25519: .ed25519
        case .ed448: .ed448
        }
    }

    /// Bits of the modulus of an RSA key that Signet makes.
    private static let newRSAModulus = 3072
}
