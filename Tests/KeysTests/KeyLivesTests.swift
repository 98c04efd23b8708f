import JOSE
import Keys
import StrictJSON
import Testing

/// What becomes of the keys of a ring as time passes, at a clock that is passed in.
@Suite struct KeyLivesTests {
    private static let now: Int64 = 1_800_000_000
    private static let cache: Int64 = 300

    private func life(
        _ kid: ByteString, nbf: Int64? = nil, exp: Int64? = nil, revoked: Bool = false, canSign: Bool = true,
        published: Int64? = 0, latestExpiry: Int64? = nil, hasSigned: Bool = false
    ) -> KeyLife {
        KeyLife(
            kid: kid, canSign: canSign, times: KeyTimes(notBefore: nbf, expires: exp, isRevoked: revoked),
            record: KeyRecord(published: published, latestExpiry: latestExpiry, hasSigned: hasSigned))
    }

    private func ring(_ lives: KeyLife..., cache: Int64 = cache) -> KeyLives { KeyLives(lives, verifierCache: cache) }

    private func signer(_ ring: KeyLives, at now: Int64 = now) -> ByteString? {
        ring.signing(at: now).map { ring.all[$0].kid }
    }

    private func states(_ ring: KeyLives, at now: Int64 = now, leeway: Int64 = 30) -> [String] {
        ring.all.indices.map {
            "\(ring.all[$0].kid.text) \(ring.state(of: $0, at: now, leeway: leeway))"
        }
    }

    private func verifies(_ ring: KeyLives, _ kid: ByteString, at now: Int64, leeway: Int64 = 30) throws -> Bool {
        let position = try #require(ring.all.firstIndex { $0.kid == kid })
        return ring.verifies(position, at: now, leeway: leeway)
    }

    // Which signs.

    @Test("ROT-1 a key signs when it has been published for as long as verifiers may cache, and not a second before")
    func verifierCache() {
        let ring = ring(life("new", nbf: 2, published: Self.now), life("old", nbf: 1))
        #expect(signer(ring, at: Self.now + Self.cache - 1) == "old")
        #expect(signer(ring, at: Self.now + Self.cache) == "new")
    }

    @Test("ROT-1 the wait is waived when no other key of the ring can sign, nbf never")
    func waiver() {
        #expect(signer(ring(life("only", published: Self.now))) == "only")
        #expect(signer(ring(life("only", published: nil))) == "only")
        #expect(signer(ring(life("new", nbf: 2, published: Self.now), life("old", nbf: 1, exp: Self.now))) == "new")
        #expect(signer(ring(life("new", nbf: 2, published: nil), life("old", nbf: 1, revoked: true))) == "new")
        #expect(signer(ring(life("new", nbf: 2, published: nil), life("old", nbf: 1, canSign: false))) == "new")
        #expect(signer(ring(life("ahead", nbf: Self.now + 1, published: 0))) == nil)
        #expect(signer(ring(life("ahead", nbf: Self.now + 1), life("new", nbf: 2, published: nil))) == "new")
    }

    @Test("ROT-1 where all wait, the one signs that was published first, which most verifiers have")
    func waiverOrder() {
        #expect(
            signer(ring(life("new", nbf: 2, published: Self.now), life("old", nbf: 1, published: Self.now - 9)))
                == "old")
        #expect(signer(ring(life("new", nbf: 2, published: nil), life("old", nbf: 1, published: Self.now))) == "old")
        #expect(signer(ring(life("new", nbf: 2, published: nil), life("old", nbf: 1, published: nil))) == "new")
    }

    @Test("ROT-1 a key that is not published yet waits, however long ago it was made")
    func unpublished() {
        let ring = ring(life("new", nbf: 2, published: nil), life("old", nbf: 1))
        #expect(signer(ring, at: Self.now + 1_000_000) == "old")
        ring.all[0].record.notePublication(at: Self.now)
        ring.all[0].record.notePublication(at: Self.now + 50)
        #expect(signer(ring, at: Self.now + Self.cache) == "new")
    }

    @Test("ROT-1 a gone key that will sign again is published before it does, for as long as verifiers may cache")
    func comingBack() throws {
        let ring = ring(
            life("new", nbf: 2, exp: Self.now, hasSigned: true),
            life("old", nbf: 1, latestExpiry: Self.now - 1_000, hasSigned: true))
        let again = Self.now - Self.cache
        #expect(states(ring, at: again - 1) == ["new current", "old gone"])
        #expect(try !verifies(ring, "old", at: again - 1))
        #expect(ring.safeToRemove(1, at: again - 1, leeway: 30) == again - 1)
        // Never next, since it has signed; but needed, and in the JWKS, which shows what verifies.
        #expect(states(ring, at: again) == ["new current", "old previous"])
        #expect(try verifies(ring, "old", at: again))
        #expect(ring.isNeeded(1, at: again, leeway: 30))
        #expect(ring.verifiesUntil(1, at: again, leeway: 30) == nil)
        #expect(ring.safeToRemove(1, at: again, leeway: 30) == nil)
        #expect(signer(ring, at: Self.now - 1) == "new")
        #expect(states(ring, at: Self.now) == ["new previous", "old current"])
        #expect(try verifies(ring, "old", at: Self.now))
    }

    @Test("ROT-2 a key that has gone stays gone where another will sign")
    func notComingBack() throws {
        let ring = ring(
            life("newest", nbf: Self.now - 1, published: 0), life("new", nbf: 2, exp: Self.now, hasSigned: true),
            life("old", nbf: 1, latestExpiry: Self.now - 1_000, hasSigned: true))
        #expect(states(ring, at: Self.now - 2) == ["newest next", "new current", "old gone"])
        #expect(try !verifies(ring, "old", at: Self.now - 2))
    }

    @Test("ROT-1 without a cache a key signs from its nbf on")
    func noCache() {
        let ring = ring(life("new", nbf: Self.now, published: nil), life("old", nbf: 1), cache: 0)
        #expect(signer(ring, at: Self.now - 1) == "old")
        #expect(signer(ring) == "new")
    }

    @Test("ROT-1 a key that has signed never returns to next, also when the clock steps back")
    func clockStepsBack() {
        let ring = ring(life("new", nbf: Self.now, published: Self.now - 600), life("old", nbf: 1, hasSigned: true))
        #expect(signer(ring, at: Self.now - 3_600) == "old")
        #expect(signer(ring) == "new")
        ring.all[0].record.noteSignature(expires: Self.now + 900)
        #expect(signer(ring, at: Self.now - 3_600) == "new")
        #expect(states(ring, at: Self.now - 3_600) == ["new current", "old previous"])
        // One that has not signed goes by the clock.
        let unsigned = self.ring(life("new", nbf: Self.now), life("old", nbf: 1, hasSigned: true))
        #expect(states(unsigned, at: Self.now - 3_600) == ["new next", "old current"])
    }

    // States.

    @Test("ROT-1 a key is next, current, previous and gone in turn, without a signal")
    func course() {
        let ring = ring(
            life("new", nbf: Self.now, published: Self.now - 1_000),
            life("old", nbf: 1, latestExpiry: Self.now + 900, hasSigned: true))
        #expect(states(ring, at: Self.now - 1) == ["new next", "old current"])
        #expect(states(ring) == ["new current", "old previous"])
        #expect(states(ring, at: Self.now + 929) == ["new current", "old previous"])
        #expect(states(ring, at: Self.now + 930) == ["new current", "old gone"])
    }

    @Test("ROT-2 a previous key verifies until the last exp that it signed and the leeway are over")
    func lastExpiry() throws {
        let ring = ring(life("new", nbf: 2), life("old", nbf: 1, latestExpiry: Self.now + 900, hasSigned: true))
        #expect(try verifies(ring, "old", at: Self.now + 929))
        #expect(try !verifies(ring, "old", at: Self.now + 930))
        // A request that began before the new key signed counts too.
        ring.all[1].record.noteSignature(expires: Self.now + 1_000)
        ring.all[1].record.noteSignature(expires: Self.now + 950)
        #expect(try verifies(ring, "old", at: Self.now + 1_029))
        #expect(try !verifies(ring, "old", at: Self.now + 1_030))
    }

    @Test("ROT-2 the current key and the next one verify, whatever they signed last")
    func currentVerifies() throws {
        let ring = ring(
            life("next", nbf: Self.now + 10, latestExpiry: 1), life("now", nbf: 1, latestExpiry: 5, hasSigned: true))
        #expect(try verifies(ring, "now", at: Self.now))
        #expect(try verifies(ring, "next", at: Self.now))
    }

    @Test("ROT-2 what does not expire keeps its key: payloads of bytes")
    func bytesNeverExpire() throws {
        let ring = ring(life("new", nbf: 2), life("old", nbf: 1))
        ring.all[1].record.noteSignature(expires: KeyRecord.never)
        #expect(try verifies(ring, "old", at: Self.now * 2))
        #expect(ring.safeToRemove(1, at: Self.now * 2, leeway: 30) == nil)
        #expect(ring.isNeeded(1, at: Self.now * 2, leeway: 30))
    }

    @Test("a key's own exp ends it, whatever it signed")
    func ownEnd() throws {
        let ring = ring(life("new", nbf: 2), life("old", nbf: 1, exp: Self.now, latestExpiry: Self.now + 900))
        #expect(try verifies(ring, "old", at: Self.now + 29))
        #expect(try !verifies(ring, "old", at: Self.now + 30))
        #expect(states(ring, at: Self.now + 30) == ["new current", "old gone"])
    }

    @Test("a key that only verifies here stays until its exp: others sign with it")
    func verifyOnly() throws {
        let ring = ring(life("new", nbf: 2), life("partner", nbf: 1, canSign: false, latestExpiry: 5))
        #expect(try verifies(ring, "partner", at: Self.now))
        #expect(ring.isNeeded(1, at: Self.now, leeway: 30))
        #expect(states(ring) == ["new current", "partner previous"])
    }

    @Test("a revoked key is revoked, whatever else it is")
    func revoked() throws {
        let ring = ring(life("new", nbf: 2, revoked: true), life("old", nbf: 1, hasSigned: true))
        #expect(states(ring) == ["new revoked", "old current"])
        #expect(try !verifies(ring, "new", at: Self.now))
        #expect(ring.safeToRemove(0, at: Self.now, leeway: 30) == Self.now)
    }

    // What people are told.

    @Test("ROT-5 needed are the current key and previous ones with live tokens, and no others")
    func needed() {
        let ring = ring(
            life("next", nbf: Self.now + 9), life("now", nbf: 5, hasSigned: true),
            life("live", nbf: 4, latestExpiry: Self.now, hasSigned: true),
            life("dead", nbf: 3, latestExpiry: Self.now - 31, hasSigned: true), life("unused", nbf: 2),
            life("revoked", nbf: 1, revoked: true, latestExpiry: Self.now + 9, hasSigned: true))
        let needed = ring.all.indices.filter { ring.isNeeded($0, at: Self.now, leeway: 30) }
        #expect(needed.map { ring.all[$0].kid } == ["now", "live"])
    }

    @Test("times for people: signs from, verifies until, safe to remove")
    func times() {
        let ring = ring(
            life("next", nbf: Self.now - 5, published: Self.now),
            life("now", nbf: 5, exp: Self.now + 99, hasSigned: true),
            life("old", nbf: 4, latestExpiry: Self.now + 10, hasSigned: true), life("unused", nbf: 3))
        let all = ring.all.indices
        #expect(all.map { ring.signsFrom($0, at: Self.now) } == [Self.now + Self.cache, 5, 4, 3])
        #expect(
            all.map { ring.verifiesUntil($0, at: Self.now, leeway: 30) } == [nil, Self.now + 129, Self.now + 40, nil])
        #expect(
            all.map { ring.safeToRemove($0, at: Self.now, leeway: 30) } == [nil, nil, Self.now + 40, Self.now])
    }
}
