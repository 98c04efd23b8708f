package import JOSE
package import OpenSSL
package import StrictJSON

/// One admitted key of a keyring. Its material lives in locked memory for as long as a snapshot holds the key.
package final class Key: Sendable {
    package let kid: ByteString
    package let algorithm: Algorithm
    /// Whether the key file lets it sign.
    package let canSign: Bool
    package let times: KeyTimes
    package let material: HMACKey
    /// The file it came from, for messages.
    package let file: String

    package init(
        kid: ByteString, algorithm: Algorithm, canSign: Bool, times: KeyTimes, material: HMACKey, file: String
    ) {
        self.kid = kid
        self.algorithm = algorithm
        self.canSign = canSign
        self.times = times
        self.material = material
        self.file = file
    }

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
