internal import JOSE
package import StrictJSON

/// What a tool knows of a keyring beside its directory: what the configuration says, and what the daemon recorded.
package struct RingKnowledge: Sendable {
    /// Seconds that verifiers may keep the public keys.
    package let verifierCache: Int64
    /// Seconds that clocks may differ by.
    package let leeway: Int64
    /// The longest life of a token in seconds; `KeyRecord.never`: unknown, or there is no end to it.
    package let longestLife: Int64
    /// Whether the daemon keeps the public keys in a file.
    package let publishesItself: Bool
    /// As the state file tells.
    package let history: KeyHistory

    package init(
        verifierCache: Int64, leeway: Int64, longestLife: Int64, publishesItself: Bool, history: KeyHistory
    ) {
        self.verifierCache = verifierCache
        self.leeway = leeway
        self.longestLife = longestLife
        self.publishesItself = publishesItself
        self.history = history
    }

    /// Of a directory that no configuration names: the most cautious of everything.
    package static let none = RingKnowledge(
        verifierCache: 0, leeway: 600, longestLife: KeyRecord.never, publishesItself: false, history: KeyHistory())
}

/// The keys of a directory through time, as far as a tool can know.
package struct ListedLives: Sendable {
    package let lives: KeyLives
    package let leeway: Int64
    /// Seconds since 1970-01-01 UTC.
    package let now: Int64
    private let positions: [ByteString: Int]

    init(_ lives: KeyLives, leeway: Int64, now: Int64) {
        self.lives = lives
        self.leeway = leeway
        self.now = now
        positions = Dictionary(lives.all.enumerated().map { ($1.kid, $0) }) { first, _ in first }
    }

    package func state(_ kid: ByteString) -> KeyState? {
        positions[kid].map { lives.state(of: $0, at: now, leeway: leeway) }
    }

    package func signsFrom(_ kid: ByteString) -> Int64? { positions[kid].flatMap { lives.signsFrom($0, at: now) } }

    package func verifiesUntil(_ kid: ByteString) -> Int64? {
        positions[kid].flatMap { lives.verifiesUntil($0, at: now, leeway: leeway) }
    }

    package func latestExpiry(_ kid: ByteString) -> Int64? {
        positions[kid].flatMap { lives.all[$0].record.latestExpiry }
    }

    package func safeToRemove(_ kid: ByteString) -> Int64? {
        positions[kid].flatMap { lives.safeToRemove($0, at: now, leeway: leeway) }
    }

    /// The kid of the key that signs.
    package var signing: ByteString? { lives.signing(at: now).map { lives.all[$0].kid } }
}

extension KeyListing {
    /// The keys through time.
    ///
    /// - Parameter now: Seconds since 1970-01-01 UTC.
    package func lives(of ring: ByteString, _ knowledge: RingKnowledge, at now: Int64) -> ListedLives {
        let bare = keys.map { $0.life(KeyRecord(), isRevoked: revoked.contains($0.kid)) }
        let records = knowledge.history.records(
            of: bare, ring: ring, at: now, verifierCache: knowledge.verifierCache,
            longestLife: knowledge.longestLife, publishesItself: knowledge.publishesItself)
        let lives = keys.map { key in
            key.life(records[key.kid] ?? KeyRecord(), isRevoked: revoked.contains(key.kid))
        }
        return ListedLives(
            KeyLives(lives, verifierCache: knowledge.verifierCache), leeway: knowledge.leeway, now: now)
    }
}

extension KeyListing.Entry {
    fileprivate func life(_ record: KeyRecord, isRevoked: Bool) -> KeyLife {
        var times = times
        if isRevoked { times.isRevoked = true }
        return KeyLife(kid: kid, canSign: canSign, times: times, record: record, fileModified: fileModified)
    }
}
