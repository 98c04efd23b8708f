internal import JOSE
internal import POSIX
package import StrictJSON

/// Revokes keys of a ring: they verify nothing any more, whatever their files say, and whether these stay or not.
package struct KeyRevocation {
    private let place: RingDirectory
    private let knowledge: RingKnowledge

    package init(_ place: RingDirectory, _ knowledge: RingKnowledge) {
        self.place = place
        self.knowledge = knowledge
    }

    /// Whether the ring has a key of that name, or had one that was revoked.
    package func concerns(_ kid: ByteString) throws(KeyError) -> Bool {
        let listing = try KeyListing(place)
        return listing.revoked.contains(kid) || listing.keys.contains { $0.kid == kid }
    }

    /// Adds a kid to `DIR/revoked`.
    ///
    /// - Parameters:
    ///   - force: Also when no key is left that may sign.
    ///   - now: Seconds since 1970-01-01 UTC.
    /// - Returns: The path of the list.
    package func revoke(_ kid: ByteString, force: Bool, now: Int64) throws(KeyError) -> String {
        let listing = try KeyListing(place)
        if !force {
            let lives = listing.lives(of: place.ring, knowledge, at: now)
            let others = KeyLives(lives.lives.all.filter { $0.kid != kid }, verifierCache: knowledge.verifierCache)
            if lives.signing == kid, others.signing(at: now) == nil {
                throw KeyError(
                    place.path, "would be left without a key that may sign, if \(kid.quoted) were revoked",
                    fix: "make its successor first with `signet key rotate`, or use --force")
            }
        }
        let writer = try KeyWriter(directory: place.path)
        try RevocationList.add(kid, to: writer.directory, KeyAdmission(user: try writer.owner()))
        return writer.directory.path(of: RevocationList.name)
    }
}
