package import Authorization
internal import JOSE
package import Keys
internal import StrictJSON

/// Keys and policy at one moment: everything that decides an answer, immutable.
///
/// A request takes one snapshot and keeps it to its end; a reload builds another and swaps it, or changes nothing.
package final class Snapshot: Sendable {
    package let keyrings: [Keyring]
    package let profiles: [ServedProfile]
    /// Counts the snapshots of a daemon's life, from 1.
    package let generation: Int64
    private let profileByName: ByteTable
    private let keyringByName: ByteTable
    private let defaultProfile: Int?
    private let admins: Who
    let audit: AuditScope
    /// Longest token that is signed, in bytes: whatever is signed can be verified.
    let largestToken: Int
    /// What the system's database said of callers since this snapshot was built.
    let accounts = Accounts()

    /// - Parameters:
    ///   - keyrings: Each ring that a profile names must be among them.
    ///   - admins: Who may administer, in any of its lists.
    ///   - audit: What the log tells of requests.
    package init(
        keyrings: [Keyring], profiles: [Profile], admins: Who, audit: AuditScope = .denied, largestToken: Int,
        generation: Int64 = 1
    ) {
        self.keyrings = keyrings
        self.generation = generation
        keyringByName = ByteTable(keyrings.enumerated().map { (name: $1.name, value: $0) })
        self.profiles = profiles.compactMap { profile in
            keyrings.firstIndex { $0.name == profile.keyring }.map { ServedProfile(profile, keyring: $0) }
        }
        let names = self.profiles.enumerated().map { (name: $1.profile.name, value: $0) }
        profileByName = ByteTable(names)
        defaultProfile = profileByName.value(for: "default")
        self.admins = admins
        self.audit = audit
        self.largestToken = largestToken
    }

    /// The position in `profiles` of the one that a request names; absent, `default`.
    func profile(_ name: JSONText?, in line: Span<UInt8>) -> Int? {
        guard let name else { return defaultProfile }
        return profileByName.value(for: name, in: line)
    }

    /// The position in `keyrings` of the ring of that name.
    func keyring(_ name: JSONText, in line: Span<UInt8>) -> Int? { keyringByName.value(for: name, in: line) }

    /// Whether a caller may see the public keys of a ring: admins, and whoever has an entry on one of its profiles.
    func mayPublish(keyring: Int, to identity: Identity) -> Bool {
        if isAdmin(identity) { return true }
        for served in profiles where served.keyring == keyring {
            for entry in served.profile.allow where entry.who.includes(identity) { return true }
        }
        return false
    }

    /// The same policy over rings that also have the keys of an older snapshot, but for revoked ones: what loops verify by
    /// while others still sign by the older one. The snapshot itself where the older one has no other keys.
    package func including(_ older: Snapshot) -> Snapshot {
        var isSame = true
        let rings = keyrings.map { ring in
            guard let other = older.keyrings.first(where: { $0.name == ring.name }) else { return ring }
            let both = ring.including(other)
            if both.keys.count != ring.keys.count { isSame = false }
            return both
        }
        if isSame { return self }
        return Snapshot(
            keyrings: rings, profiles: profiles.map(\.profile), admins: admins, audit: audit,
            largestToken: largestToken, generation: generation)
    }

    /// The longest leeway of a ring's profiles, in seconds: for so long after its end a key still verifies.
    package func leeway(ofKeyring keyring: Int) -> Int64 {
        profiles.reduce(0) { $1.keyring == keyring ? max($0, $1.profile.validation.leeway) : $0 }
    }

    /// Whether a caller may administer the daemon, from where it asks.
    package func isAdmin(_ identity: Identity) -> Bool {
        identity.mayAdminister && admins.includesByAnyList(identity)
    }
}

/// A profile with what its tokens share, written once.
package final class ServedProfile: Sendable {
    package let profile: Profile
    /// Position of its ring in the snapshot's `keyrings`.
    package let keyring: Int
    /// Where the fixed claims have a value of the caller's, with what stands before it; none in most profiles.
    let holes: [Hole]
    /// `"role":"user","iss":"https://…"`: the fixed claims and the issuer; with holes, what is behind the last one.
    let fixedPart: [UInt8]

    struct Hole {
        let before: [UInt8]
        let claim: ByteString
        let value: CallerValue
    }

    init(_ profile: Profile, keyring: Int) {
        self.profile = profile
        self.keyring = keyring
        var part: [UInt8] = []
        var holes: [Hole] = []
        for claim in profile.fixedClaims {
            part.appendJSONString(claim.name.bytes)
            part.append(UInt8(ascii: ":"))
            for piece in claim.value {
                switch piece {
                case .json(let json): part += json
                case .caller(let value):
                    holes.append(Hole(before: part, claim: claim.name, value: value))
                    part = []
                }
            }
            part.append(UInt8(ascii: ","))
        }
        part.append("\"iss\":")
        part.appendJSONString(profile.validation.issuer.bytes)
        fixedPart = part
        self.holes = holes
    }
}
