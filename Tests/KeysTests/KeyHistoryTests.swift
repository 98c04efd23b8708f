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
        let second = recall(try ring([("a", 1), ("b", 2)]), history, at: Self.now + 10)
        #expect(signer(second, at: Self.now + 10 + Self.cache) == "a")
        // Rounded up: the reload was some part of a second behind Self.now + 10.
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

    @Test("ROT-2 what a key may have signed before it was known is taken to live as long as any token can")
    func unknownPast() throws {
        let ring = recall(try ring([("old", 1), ("now", Self.now - 1_000), ("next", Self.now + 5)]), KeyHistory())
        #expect(ring.lives.all.map(\.record.latestExpiry) == [nil, Self.now + 900, Self.now + 900])
        let bytes = recall(try self.ring([("a", 1)]), KeyHistory(), life: KeyRecord.never)
        #expect(bytes.lives.all.map(\.record.latestExpiry) == [KeyRecord.never])
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

    @Test("a ring that stands empty because its directory is broken forgets nothing")
    func brokenRing() throws {
        var history = KeyHistory()
        history.adopt([(recall(try ring([("a", 1)]), history), 900)], at: Self.now)
        history.adopt([(try ring([]), 900)], at: Self.now + 100_000)
        #expect(history.rings["web"]?.records.keys.sorted() == ["a"])
    }
}

/// `state.json`.
@Suite struct StateFileTests {
    private static let now: Int64 = 1_800_000_000
    private let folder: KeyFolder
    private var user: UInt32 { ThisProcess.userID }

    init() throws { folder = try KeyFolder(named: "state") }

    private func ring(_ records: [ByteString: KeyRecord], nbf: [ByteString: Int64] = [:]) throws -> Keyring {
        Keyring(
            name: "web", algorithm: .hs256,
            keys: try records.keys.map { kid in
                Key(
                    kid: kid, material: try KeyMaterial(octets: SecretBytes(count: 32), .hs256),
                    times: KeyTimes(notBefore: nbf[kid]), file: "x")
            }, records: records)
    }

    private func write(_ ring: Keyring, isRunning: Bool, longestLife: Int64 = 900, at now: Int64 = now) throws {
        var history = KeyHistory()
        history.adopt([(ring, longestLife)], at: now)
        var file = try StateFile(directory: folder.path)
        try file.write(history, serving: [ring], isRunning: isRunning, at: now)
    }

    private func read(at now: Int64 = now) throws -> [ByteString: KeyRecord] {
        let file = try StateFile(directory: folder.path)
        return try #require(try file.read(user: user, at: now)?.rings["web"]).records
    }

    @Test("what was written is read again: times, bounds, and what never expires")
    func roundTrip() throws {
        let ring = try ring([
            "a": KeyRecord(published: 5, latestExpiry: 7, hasSigned: true),
            "b\u{e9}\"": KeyRecord(published: nil, latestExpiry: KeyRecord.never), "c": KeyRecord(),
        ])
        try write(ring, isRunning: false)
        let records = try read(at: Self.now * 2)
        #expect(records.count == 3)
        #expect(records["a"].map { [$0.published, $0.latestExpiry] } == [5, 7])
        #expect(records["a"]?.hasSigned == true)
        #expect(records["b\u{e9}\""]?.latestExpiry == KeyRecord.never)
        #expect(records["b\u{e9}\""]?.published == nil)
        #expect(records["c"]?.latestExpiry == nil)
        #expect(records["c"]?.hasSigned == false)
        #expect(try folder.names == ["state.json", "state.lock"])
    }

    @Test("ROT-2 after a crash, what may have signed since the last writing is bound by the start and the longest life")
    func crash() throws {
        let ring = try ring(
            [
                "old": KeyRecord(published: 1, latestExpiry: Self.now + 60, hasSigned: true),
                "now": KeyRecord(published: 1, latestExpiry: Self.now + 100, hasSigned: true),
                "next": KeyRecord(published: 1),
            ], nbf: ["old": 1, "now": 2, "next": Self.now + 5_000])
        try write(ring, isRunning: true)
        let records = try read(at: Self.now + 500)
        // The one that had signed its last keeps its time.
        #expect(records["old"]?.latestExpiry == Self.now + 60)
        #expect(records["now"]?.latestExpiry == Self.now + 500 + 900)
        #expect(records["next"]?.latestExpiry == Self.now + 500 + 900)
        // After an orderly end nothing is to be guessed.
        try write(ring, isRunning: false)
        #expect(try read(at: Self.now + 500)["now"]?.latestExpiry == Self.now + 100)
    }

    @Test("ROT-1 after a crash, the key that signed is taken to have signed, and the next one not")
    func signedBeforeCrash() throws {
        let ring = try ring(
            ["now": KeyRecord(published: 1), "old": KeyRecord(published: 1), "next": KeyRecord(published: 1)],
            nbf: ["old": 1, "now": 2, "next": Self.now + 60])
        try write(ring, isRunning: true)
        #expect(try read().filter { $0.value.hasSigned }.map(\.key) == ["now"])
        try write(ring, isRunning: false)
        #expect(try read().filter { $0.value.hasSigned }.isEmpty)
    }

    @Test("ROT-2 a bound of a crash in a ring of bytes is never")
    func crashOfBytes() throws {
        try write(try ring(["a": KeyRecord(published: 1)]), isRunning: true, longestLife: KeyRecord.never)
        #expect(try read()["a"]?.latestExpiry == KeyRecord.never)
    }

    @Test(
        "a state file that cannot be understood is said so, kept under another name, and counts for nothing",
        arguments: [
            "", "{", "[]", "{\"version\":2,\"running\":false,\"keyrings\":{}}", "{\"version\":1}",
            "{\"version\":1,\"keyrings\":{\"web\":{\"keys\":{}}}}", "{\"version\":1,\"version\":1,\"keyrings\":{}}",
            "{\"version\":1,\"keyrings\":{\"web\":{\"longest_life\":99999999999999999,\"keys\":{}}}}",
        ])
    func unreadable(_ text: String) throws {
        try folder.write("state.json", text)
        let file = try StateFile(directory: folder.path)
        let error = #expect(throws: KeyError.self) { _ = try file.read(user: user, at: Self.now) }
        #expect(error?.file == folder.file("state.json"))
        #expect(try folder.names == ["state.json.unreadable", "state.lock"])
        #expect(try file.read(user: user, at: Self.now) == nil)
    }

    @Test("a state file that others can write is refused")
    func writableByOthers() throws {
        try write(try ring(["a": KeyRecord(published: 5)]), isRunning: false)
        #expect(try read().count == 1)
        try folder.setMode(0o602, folder.file("state.json"))
        let file = try StateFile(directory: folder.path)
        #expect(throws: KeyError.self) { _ = try file.read(user: user, at: Self.now) }
    }

    @Test("two daemons do not share a state directory; a missing one is named")
    func exclusive() throws {
        let first = try StateFile(directory: folder.path)
        let error = #expect(throws: KeyError.self) { _ = try StateFile(directory: folder.path) }
        #expect(error?.problem == "is kept by another signetd")
        _ = consume first
        _ = try StateFile(directory: folder.path)
        #expect(throws: KeyError.self) { _ = try StateFile(directory: folder.parent + "/missing") }
    }

    @Test("a tool reads the state of a running daemon, and takes what may be signed meanwhile into account")
    func peek() throws {
        try write(try ring(["a": KeyRecord(published: 5, latestExpiry: 6)]), isRunning: true)
        let held = try StateFile(directory: folder.path)
        let history = try StateFile.peek(directory: folder.path, user: user, at: Self.now)
        #expect(history?.rings["web"]?.records["a"]?.latestExpiry == Self.now + 900)
        _ = consume held
        #expect(try StateFile.peek(directory: folder.parent + "/missing", user: user, at: Self.now) == nil)
    }
}

/// `DIR/revoked`.
@Suite struct RevocationListTests {
    private let folder: KeyFolder

    init() throws { folder = try KeyFolder() }

    private func match(_ kid: String) throws -> Keyring.Match {
        let ring = try folder.load().0
        let bytes = Array("\"\(kid)\"".utf8)
        var index = JSONIndex()
        try index.read(bytes.span, maximumDepth: 1)
        return ring.verificationKey(try #require(index.root.text), in: bytes.span, at: 5, leeway: 0)
    }

    @Test("a kid in DIR/revoked verifies nothing, whatever its file says, and whether there is a file or not")
    func list() throws {
        try folder.writeKey("a.jwk", kid: "a", byte: 1)
        try folder.writeKey("b.jwk", kid: "b", byte: 2)
        try folder.write("revoked", "a\nlong gone\n")
        #expect(try match("a") == .revoked)
        #expect(try match("long gone") == .revoked)
        #expect(try match("long") == .unknown)
        #expect(try match("b") != .revoked)
        let ring = try folder.load().0
        #expect(ring.signingKey(at: 5).map { ring.keys[$0].kid } == "b")
    }

    @Test("an empty list revokes nothing; one that ends inside a line is refused, since it may have been cut")
    func form() throws {
        try folder.writeKey("a.jwk", kid: "a")
        try folder.write("revoked", "")
        #expect(try match("a") != .revoked)
        try folder.write("revoked", "b\na")
        #expect(folder.refusal()?.file == folder.file("revoked"))
    }

    @Test("a list that others can write is refused")
    func admission() throws {
        try folder.writeKey("a.jwk", kid: "a")
        try folder.write("revoked", "b\n")
        try folder.setMode(0o644, folder.file("revoked"))
        #expect(folder.refusal() == nil)
        try folder.setMode(0o646, folder.file("revoked"))
        #expect(folder.refusal()?.file == folder.file("revoked"))
    }
}
