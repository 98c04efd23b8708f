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

    /// From when on it may sign.
    package var notBefore: Int64 { times.signsFrom }

    /// What decides about its life, with what is recorded of it.
    func life(_ record: KeyRecord, fileModified: Int64, isRevoked: Bool) -> KeyLife {
        var times = times
        if isRevoked { times.isRevoked = true }
        return KeyLife(kid: kid, canSign: canSign, times: times, record: record, fileModified: fileModified)
    }
}
