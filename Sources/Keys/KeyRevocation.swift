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

    /// Whether the ring has a key of that name, perhaps one that cannot be opened here, or had one that was revoked; and
    /// what is wrong with its files.
    package func concerns(_ kid: ByteString) throws(KeyError) -> (Bool, errors: [KeyError]) {
        let listing = try KeyListing(place)
        let isNamed = listing.errors.contains { error in
            KeyFile.allCases.contains { ByteString(FilePath.name(of: error.file)) == ByteString($0.name(kid)) }
        }
        return (isNamed || listing.revoked.contains(kid) || listing.keys.contains { $0.kid == kid }, listing.errors)
    }

    /// - Throws: When no key would be left that may sign.
    package func requireSuccessor(of kid: ByteString, now: Int64) throws(KeyError) {
        let listing = try KeyListing(place)
        let lives = listing.lives(of: place.ring, knowledge, at: now)
        let others = KeyLives(lives.lives.all.filter { $0.kid != kid }, verifierCache: knowledge.verifierCache)
        guard lives.signing == kid, others.signing(at: now) == nil else { return }
        throw KeyError(
            place.path, "would be left without a key that may sign, if \(kid.quoted) were revoked",
            fix: "make its successor first with `signet key rotate`, \(Self.wait(lives.lives, kid, now))or use --force")
    }

    /// What else can be done where there is a successor that does not sign yet.
    private static func wait(_ lives: KeyLives, _ kid: ByteString, _ now: Int64) -> String {
        let waiting = lives.all.indices.compactMap { position -> (kid: ByteString, start: Int64)? in
            let life = lives.all[position]
            guard life.kid != kid, let start = lives.signsFrom(position, at: now), start > now,
                life.maySign(at: start)
            else { return nil }
            return (life.kid, start)
        }
        guard let first = waiting.min(by: { $0.start < $1.start }) else { return "" }
        let seconds = first.start - now
        let time = seconds < 7_200 ? "\(seconds) s" : "\(seconds / 3_600) h"
        return "wait \(time) until \(first.kid.quoted) signs, "
    }

    /// Adds a kid to `DIR/revoked`.
    ///
    /// - Returns: The path of the list.
    package func revoke(_ kid: ByteString) throws(KeyError) -> String {
        let writer = try KeyWriter(directory: place.path)
        try RevocationList.add(kid, to: writer.directory, KeyAdmission(user: try writer.owner()))
        return writer.directory.path(of: RevocationList.name)
    }
}
