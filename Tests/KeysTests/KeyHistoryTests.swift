import Foundation
import JOSE
import Keys
import OpenSSL
import POSIX
import StrictJSON
import Testing

/// What a daemon remembers of its keys over reloads and restarts.
@Suite struct KeyHistoryTests {
    private static let now: Int64 = 1_800_000_000
    private static let cache: Int64 = 300

    init() throws { try LockedMemory.open() }

    private func ring(_ keys: [(kid: ByteString, nbf: Int64?)]) throws -> Keyring {
        Keyring(
            name: "web", algorithm: .hs256,
            keys: try keys.map { kid, nbf in
                Key(
                    kid: kid, material: try KeyMaterial(octets: SecretBytes(count: 32), .hs256),
                    times: KeyTimes(notBefore: nbf), file: "\(kid.text).jwk")
            })
    }

    private func recall(
        _ ring: Keyring, _ history: KeyHistory, at now: Int64 = now, life: Int64 = 900, publishes: Bool = false
    ) -> Keyring {
        history.recall(ring, at: now, verifierCache: Self.cache, longestLife: life, publishesItself: publishes)
    }

    private func signer(_ ring: Keyring, at now: Int64) -> ByteString? {
        ring.signingKey(at: now).map { ring.keys[$0].kid }
    }

    @Test("ROT-1 a key that comes by a reload waits from the reload on, whatever its times say")
    func newKey() throws {
        var history = KeyHistory()
        let first = recall(try ring([("a", 1)]), history)
        history.adopt([(first, 900)], at: Self.now)
        let second = recall(try ring([("a", 1), ("b", 2)]), history, at: Self.now + 5)
        #expect(signer(second, at: Self.now * 2) == "a")
        // The reload has taken its time: verifiers can get the key when it is served, and not before.
        second.notePublication(at: Self.now + 10)
        #expect(signer(second, at: Self.now + 10 + Self.cache) == "a")
        // Rounded up: that was some part of a second behind Self.now + 10.
        #expect(signer(second, at: Self.now + 11 + Self.cache) == "b")
    }

    @Test("without anything known of a ring, the times of its keys tell when they were published")
    func firstStart() throws {
        let ring = recall(
            try ring([("a", 1), ("b", Self.now - Self.cache), ("c", Self.now - Self.cache + 1)]), KeyHistory())
        #expect(signer(ring, at: Self.now) == "b")
        #expect(signer(ring, at: Self.now + 1) == "c")
    }

    @Test("with publish, a key counts as published when its file is written, one older than the cache aside")
    func publishes() throws {
        var history = KeyHistory()
        let first = recall(try ring([("a", 1), ("b", Self.now - 5)]), history, publishes: true)
        #expect(first.lives.all.map(\.record.published) == [nil, 1])
        history.adopt([(first, 900)], at: Self.now)
        let second = recall(try ring([("a", 1), ("b", Self.now - 5), ("c", 3)]), history, publishes: true)
        #expect(second.lives.all.map(\.record.published) == [nil, nil, 1])
        #expect(second.lives.all.map(\.kid) == ["b", "c", "a"])
    }

    @Test("a key that waited for a file which is no longer wanted counts from now on")
    func publishDropped() throws {
        var history = KeyHistory()
        history.adopt([(recall(try ring([("a", 1)]), history), 900)], at: Self.now)
        history.adopt([(recall(try ring([("a", 1), ("b", 2)]), history, publishes: true), 900)], at: Self.now)
        let ring = recall(try ring([("a", 1), ("b", 2)]), history)
        ring.notePublication(at: Self.now + 7)
        #expect(ring.lives.all.map(\.record.published) == [Self.now + 8, 1])
    }

    @Test("ROT-2 what a key may have signed before it was known is taken to live as long as any token can")
    func unknownPast() throws {
        let ring = recall(try ring([("old", 1), ("now", Self.now - 1_000), ("next", Self.now + 5)]), KeyHistory())
        #expect(ring.lives.all.map(\.record.latestExpiry) == Array(repeating: Self.now + 900, count: 3))
        let bytes = recall(try self.ring([("a", 1)]), KeyHistory(), life: KeyRecord.never)
        #expect(bytes.lives.all.map(\.record.latestExpiry) == [KeyRecord.never])
    }

    @Test(
        "ROT-2 a key that was made since its ring is served has signed nothing; one that is older may have, elsewhere")
    func newOrImported() throws {
        var history = KeyHistory()
        history.adopt([(recall(try ring([("a", 1)]), history), 900)], at: Self.now)
        func key(_ kid: ByteString, iat: Int64?) throws -> Key {
            Key(
                kid: kid, material: try KeyMaterial(octets: SecretBytes(count: 32), .hs256),
                times: KeyTimes(issuedAt: iat, notBefore: 1), file: "x")
        }
        let ring = Keyring(
            name: "web", algorithm: .hs256,
            keys: try [key("new", iat: Self.now), key("imported", iat: Self.now - 1), key("pem", iat: nil)])
        let recalled = recall(ring, history, at: Self.now + 5)
        let expiries = Dictionary(recalled.lives.all.map { ($0.kid, $0.record.latestExpiry) }) { first, _ in first }
        #expect(expiries["new"] == .some(nil))
        #expect(expiries["imported"] == Self.now + 905)
        #expect(expiries["pem"] == Self.now + 905)
    }

    @Test("records go with a key from snapshot to snapshot, and a load that is not adopted leaves none")
    func sharing() throws {
        var history = KeyHistory()
        let first = recall(try ring([("a", 1)]), history)
        history.adopt([(first, 900)], at: Self.now)
        _ = recall(try ring([("a", 1), ("b", 2)]), history)
        let second = recall(try ring([("a", 1)]), history, at: Self.now + 50)
        #expect(history.rings["web"]?.records.keys.sorted() == ["a"])
        first.lives.all[0].record.noteSignature(expires: Self.now + 5_000)
        #expect(second.lives.all[0].record.latestExpiry == Self.now + 5_000)
        #expect(second.lives.all[0].record.hasSigned)
    }

    @Test("the record of a key that is gone is kept while its tokens live, and no longer")
    func departed() throws {
        var history = KeyHistory()
        let first = recall(try ring([("a", 1), ("b", 2)]), history)
        history.adopt([(first, 900)], at: Self.now)
        let second = recall(try ring([("b", 2)]), history)
        history.adopt([(second, 900)], at: Self.now + 1)
        #expect(history.rings["web"]?.records.keys.sorted() == ["a", "b"])
        history.adopt([(second, 900)], at: Self.now + 900)
        #expect(history.rings["web"]?.records.keys.sorted() == ["b"])
    }

    @Test("a ring that is not served, perhaps for a broken file, is remembered while its tokens live")
    func unservedRing() throws {
        var history = KeyHistory()
        history.adopt([(recall(try ring([("a", 1)]), history), 900)], at: Self.now)
        history.adopt([], at: Self.now + 899)
        #expect(history.knows("web"))
        history.adopt([], at: Self.now + 900)
        #expect(!history.knows("web"))
    }

    @Test("a ring that stands empty because its directory is broken forgets nothing")
    func brokenRing() throws {
        var history = KeyHistory()
        history.adopt([(recall(try ring([("a", 1)]), history), 900)], at: Self.now)
        history.adopt([(try ring([]), 900)], at: Self.now + 100_000)
        #expect(history.rings["web"]?.records.keys.sorted() == ["a"])
    }
}
