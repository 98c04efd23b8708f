package import JOSE
package import StrictJSON

/// The keys of one ring at one moment: which signs, which verify.
///
/// Immutable. A reload builds a new one; requests keep the one they began with.
package struct Keyring: Sendable {
    package let name: ByteString
    package let algorithm: Algorithm
    /// Preferred first: latest `notBefore`, then later `iat`, then the greater kid by bytes.
    package let keys: [Key]
    private let byKid: ByteTable<Int>

    /// - Parameter keys: With distinct kids.
    package init(name: ByteString, algorithm: Algorithm, keys: [Key]) {
        self.name = name
        self.algorithm = algorithm
        self.keys = keys.sorted { Self.isPreferred($0, $1) }
        byKid = ByteTable(self.keys.enumerated().map { ($1.kid, $0) })
    }

    /// The position in `keys` of the key that signs at `now`: of the usable ones, that with the latest `notBefore`.
    package func signingKey(at now: Int64) -> Int? {
        keys.firstIndex { $0.signs(at: now) }
    }

    /// What a token's `kid` leads to.
    package enum Match: Sendable, Equatable {
        /// The key at this position of `keys`.
        case key(Int)
        case revoked
        case unknown
    }

    /// The key of that `kid`, by look-up only (rule HDR-4).
    package func verificationKey(_ kid: JSONText, in bytes: Span<UInt8>, at now: Int64, leeway: Int64) -> Match {
        guard let position = byKid.value(for: kid, in: bytes) else { return .unknown }
        return match(position, at: now, leeway)
    }

    /// The key of a token without `kid`: the only one that verifies, where there is exactly one.
    package func onlyVerificationKey(at now: Int64, leeway: Int64) -> Match {
        var found: Int?
        for (position, key) in keys.enumerated() where key.verifies(at: now, leeway: leeway) {
            if found != nil { return .unknown }
            found = position
        }
        return found.map { .key($0) } ?? .unknown
    }

    private func match(_ position: Int, at now: Int64, _ leeway: Int64) -> Match {
        let key = keys[position]
        if key.times.isRevoked { return .revoked }
        return key.verifies(at: now, leeway: leeway) ? .key(position) : .unknown
    }

    private static func isPreferred(_ left: Key, _ right: Key) -> Bool {
        if left.notBefore != right.notBefore { return left.notBefore > right.notBefore }
        let (leftIssued, rightIssued) = (left.times.issuedAt ?? 0, right.times.issuedAt ?? 0)
        if leftIssued != rightIssued { return leftIssued > rightIssued }
        return right.kid < left.kid
    }
}
