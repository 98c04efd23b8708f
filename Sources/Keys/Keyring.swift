package import JOSE
package import StrictJSON

/// The keys of one ring at one moment: which signs, which verify, which are published.
///
/// Immutable. A reload builds a new one; requests keep the one they began with.
package final class Keyring: Sendable {
    package let name: ByteString
    package let algorithm: Algorithm
    /// Preferred first, as `lives`.
    package let keys: [Key]
    /// The same keys through time.
    package let lives: KeyLives
    /// The kids that verify nothing, whether their keys are here or not.
    package let revoked: [ByteString]
    private let byKid: ByteTable
    private let revokedKids: ByteTable

    /// - Parameters:
    ///   - keys: With distinct kids.
    ///   - revoked: Kids that are revoked beside the files (`DIR/revoked`), which win over them.
    ///   - records: What is known of keys from before; a key without one begins its life now.
    ///   - fileTimes: When the file of a key was last written.
    package init(
        name: ByteString, algorithm: Algorithm, keys: [Key], revoked: [ByteString] = [], verifierCache: Int64 = 0,
        records: [ByteString: KeyRecord] = [:], fileTimes: [ByteString: Int64] = [:]
    ) {
        self.name = name
        self.algorithm = algorithm
        let listed = Set(revoked)
        let lives = keys.map { key in
            key.life(
                records[key.kid] ?? KeyRecord(), fileModified: fileTimes[key.kid] ?? 0,
                isRevoked: listed.contains(key.kid))
        }
        self.lives = KeyLives(lives, verifierCache: verifierCache)
        let byName = Dictionary(keys.map { ($0.kid, $0) }) { first, _ in first }
        self.keys = self.lives.all.compactMap { byName[$0.kid] }
        byKid = ByteTable(self.keys.enumerated().map { ($1.kid, $0) })
        self.revoked = revoked
        revokedKids = ByteTable(revoked.enumerated().map { ($1, $0) })
    }

    /// The same keys with what is recorded of them.
    package func with(_ records: [ByteString: KeyRecord], verifierCache: Int64) -> Keyring {
        let times = Dictionary(lives.all.map { ($0.kid, $0.fileModified) }) { first, _ in first }
        return Keyring(
            name: name, algorithm: algorithm, keys: keys, revoked: revoked, verifierCache: verifierCache,
            records: records, fileTimes: times)
    }

    /// The same ring with keys of an older one beside its own, but for those that are revoked: what verifies while the
    /// loops go from one ring to the other.
    package func including(_ older: Keyring) -> Keyring {
        let own = Set(keys.map(\.kid)).union(revoked)
        let more = older.keys.filter { !own.contains($0.kid) }
        if more.isEmpty { return self }
        let records = Dictionary((lives.all + older.lives.all).map { ($0.kid, $0.record) }) { first, _ in first }
        return Keyring(
            name: name, algorithm: algorithm, keys: keys + more, revoked: revoked,
            verifierCache: lives.verifierCache, records: records)
    }

    /// Notes that verifiers can get every key from now on. Rounded up to the next second: they count from the very moment.
    package func notePublication(at now: Int64) {
        for life in lives.all where !life.times.isRevoked { life.record.notePublication(at: now + 1) }
    }

    /// The position in `keys` of the key that signs at `now`.
    package func signingKey(at now: Int64) -> Int? { lives.signing(at: now) }

    /// What a token's `kid` leads to.
    package enum Match: Sendable, Equatable {
        /// The key at this position of `keys`.
        case key(Int)
        case revoked
        case unknown
    }

    /// The key of that `kid`, by look-up only (rule HDR-4).
    package func verificationKey(_ kid: JSONText, in bytes: Span<UInt8>, at now: Int64, leeway: Int64) -> Match {
        guard let position = byKid.value(for: kid, in: bytes) else {
            return revokedKids.value(for: kid, in: bytes) == nil ? .unknown : .revoked
        }
        if lives.all[position].times.isRevoked { return .revoked }
        return lives.verifies(position, at: now, leeway: leeway) ? .key(position) : .unknown
    }

    /// The key of a token without `kid`: the only one that verifies, where there is exactly one.
    package func onlyVerificationKey(at now: Int64, leeway: Int64) -> Match {
        var found: Int?
        for position in keys.indices where lives.verifies(position, at: now, leeway: leeway) {
            if found != nil { return .unknown }
            found = position
        }
        return found.map { .key($0) } ?? .unknown
    }

    /// Whether there is a key of that name, or it is revoked.
    package func accountsFor(_ kid: ByteString) -> Bool {
        byKid.value(for: kid) != nil || revokedKids.value(for: kid) != nil
    }

    /// The key of that name.
    package func key(_ kid: ByteString) -> Key? { byKid.value(for: kid).map { keys[$0] } }

    /// Appends the public keys that verify, as the elements of a JWK Set (rule JWKS-1); HMAC keys have none.
    package func appendPublicKeys(at now: Int64, leeway: Int64, to output: inout [UInt8]) {
        for (position, key) in keys.enumerated() where lives.verifies(position, at: now, leeway: leeway) {
            guard let json = key.publicJWK else { continue }
            if output.last != UInt8(ascii: "[") { output.append(UInt8(ascii: ",")) }
            output += json
        }
    }
}
