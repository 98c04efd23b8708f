package import JOSE
internal import POSIX
package import StrictJSON

/// Makes the successor of a ring's signing key, which goes on verifying what it signed.
package struct KeyRotation {
    private let place: RingDirectory
    private let knowledge: RingKnowledge

    package init(_ place: RingDirectory, _ knowledge: RingKnowledge) {
        self.place = place
        self.knowledge = knowledge
    }

    /// A year, in seconds: a key that is to sign later than that is a slip of the hand.
    private static let longestLead: Int64 = 366 * 86_400

    /// What was made.
    package struct Successor: Sendable {
        package let kid: ByteString
        package let algorithm: Algorithm
        package let file: String
        /// Its `nbf`, in seconds since 1970-01-01 UTC.
        package let notBefore: Int64
        /// What a person should hear.
        package let notes: [String]
    }

    /// Makes a key of the same kind as those that are there.
    ///
    /// - Parameters:
    ///   - algorithm: nil: that of the signing key.
    ///   - lead: Seconds until its `nbf`; a second more where another key has that one.
    ///   - isSealed: nil: as the signing key is.
    ///   - now: Seconds since 1970-01-01 UTC.
    package func rotate(
        _ algorithm: Algorithm?, lead: Int64, isSealed: Bool?, now: Int64
    ) throws(KeyError) -> Successor {
        guard 0...Self.longestLead ~= lead else {
            throw KeyError(place.path, "takes a key \(lead) s ahead", fix: "choose a lead of at most a year")
        }
        let listing = try KeyListing(place)
        // What cannot be read could be the very key that is to be followed.
        if let error = listing.errors.first { throw error }
        let lives = listing.lives(of: place.ring, knowledge, at: now)
        let current = lives.signing.flatMap { kid in listing.keys.first { $0.kid == kid } } ?? listing.keys.first
        guard let algorithm = algorithm ?? current?.algorithm else {
            throw KeyError(
                place.path, "does not say what its keys are for", fix: "say it with --algorithm, or name the ring")
        }
        // Later than that of every key that signs or has signed: of equals, the older one could go on signing.
        let latest = lives.lives.all.filter { $0.canSign && ($0.notBefore <= now || $0.record.hasSigned) }.map(
            \.notBefore
        ).max()
        let notBefore = max(now + lead, latest.map { $0 + 1 } ?? 0)
        var notes: [String] = []
        if let later = listing.keys.first(where: { lives.state($0.kid) == .next }) {
            notes.append("the key \(later.kid.quoted) is next already")
        }
        let isSealed = isSealed ?? (current.map { KeyFile(name: FilePath.name(of: $0.file)) == .jwe } ?? false)
        let creation = isSealed ? KeyCreation(sealing: place) : KeyCreation(directory: place.path)
        let made = try creation.createKey(algorithm, now: now, notBefore: notBefore)
        return Successor(
            kid: made.kid, algorithm: algorithm, file: made.file, notBefore: notBefore, notes: notes)
    }
}
