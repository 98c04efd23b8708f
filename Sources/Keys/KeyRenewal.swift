package import JOSE
internal import StrictJSON

/// Rotates a ring whose signing key has become old.
package struct KeyRenewal {
    private let place: RingDirectory
    private let knowledge: RingKnowledge

    package init(_ place: RingDirectory, _ knowledge: RingKnowledge) {
        self.place = place
        self.knowledge = knowledge
    }

    /// What became of the ring.
    package enum Outcome: Sendable {
        case rotated(KeyRotation.Successor)
        /// Why no key was made.
        case left(String)
    }

    /// Makes a successor of the signing key if that has been there for longer than `age` and none is made yet.
    ///
    /// - Parameters:
    ///   - algorithm: nil: that of the signing key.
    ///   - age: Seconds since the key's `nbf`, else its `iat`, else since its file was written.
    ///   - lead: As for `KeyRotation.rotate`.
    ///   - now: Seconds since 1970-01-01 UTC.
    package func renew(
        _ algorithm: Algorithm?, olderThan age: Int64, lead: Int64, now: Int64
    ) throws(KeyError) -> Outcome {
        let listing = try KeyListing(place)
        if let error = listing.errors.first { throw error }
        let lives = listing.lives(of: place.ring, knowledge, at: now)
        guard let kid = lives.signing, let life = lives.lives.all.first(where: { $0.kid == kid }) else {
            return .left("has no key that signs")
        }
        if let next = listing.keys.first(where: { lives.state($0.kid) == .next }) {
            return .left("the key \(next.kid.quoted) is next already")
        }
        let begin = life.notBefore > 0 ? life.notBefore : life.publishedByFile
        guard now - begin >= age else { return .left("its key \(kid.quoted) is young enough") }
        return .rotated(try KeyRotation(place, knowledge).rotate(algorithm, lead: lead, isSealed: nil, now: now))
    }
}
