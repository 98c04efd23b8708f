package import JOSE
package import StrictJSON

/// One admitted key of a keyring. Its material lives in locked memory for as long as a snapshot holds the key.
package final class Key: Sendable {
    package let kid: ByteString
    /// What it signs and verifies with, bound to the ring's algorithm.
    package let material: KeyMaterial
    /// Whether its file lets it sign, and it has what that takes.
    package let canSign: Bool
    package let times: KeyTimes
    /// The file it came from, for messages.
    package let file: String
    /// Its public half as verifiers get it; nil for HMAC, which has none (rule JWKS-1).
    package let publicJWK: [UInt8]?

    package init(kid: ByteString, material: KeyMaterial, canSign: Bool = true, times: KeyTimes, file: String) {
        self.kid = kid
        self.material = material
        self.canSign = canSign && material.canSign
        self.times = times
        self.file = file
        publicJWK = material.publicHalf.map { half in
            var json: [UInt8] = []
            half.append(kid: kid, material.algorithm, to: &json)
            return json
        }
    }

    package var algorithm: Algorithm { material.algorithm }

    /// From when on it may sign: `nbf`, else `iat`, else always.
    package var notBefore: Int64 { times.notBefore ?? times.issuedAt ?? 0 }

    /// Whether it may sign at `now`.
    package func signs(at now: Int64) -> Bool {
        guard canSign, !times.isRevoked, notBefore <= now else { return false }
        return times.expires.map { now < $0 } ?? true
    }

    /// Whether it verifies at `now`: until its `exp` and the leeway are over. A key that is next verifies too.
    package func verifies(at now: Int64, leeway: Int64) -> Bool {
        guard !times.isRevoked else { return false }
        return times.expires.map { now < $0 + leeway } ?? true
    }
}
