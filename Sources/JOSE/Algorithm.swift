package import StrictJSON

/// The signature algorithms there are (RFC 7518 section 3.1). The key decides which one, never the token (rule ALG-1).
///
/// No case stands for `none`, so no code path can reach it (rule ALG-2).
package enum Algorithm: String, CaseIterable, Sendable {
    case hs256 = "HS256"
    case hs384 = "HS384"
    case hs512 = "HS512"

    /// The value of the header's `alg`.
    package var name: String { rawValue }

    /// The algorithm of exactly that name: case and every byte count.
    package init?(name: ByteString) {
        guard let match = Self.allCases.first(where: { name.bytes.elementsEqual($0.rawValue.utf8) }) else { return nil }
        self = match
    }

    /// OpenSSL's name of the hash.
    package var digest: String {
        switch self {
        case .hs256: "SHA256"
        case .hs384: "SHA384"
        case .hs512: "SHA512"
        }
    }

    /// Bytes of a signature, and the fewest that its key may have (RFC 7518 section 3.2, rule KEY-1).
    package var hashLength: Int {
        switch self {
        case .hs256: 32
        case .hs384: 48
        case .hs512: 64
        }
    }
}
