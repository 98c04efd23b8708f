import Foundation
import JOSE
import Keys
import StrictJSON
import Testing

/// What a host does for its rings by itself: a first key, and successors of old ones.
@Suite struct KeyUpkeepTests {
    private static let now: Int64 = 1_800_000_000
    private static let day: Int64 = 86_400
    private let folder: KeyFolder

    init() throws { folder = try KeyFolder() }

    private var place: RingDirectory { folder.place(ring: "web") }

    /// What the daemon recorded of a ring that holds these keys.
    private func knowledge() throws -> RingKnowledge {
        var history = KeyHistory()
        history.adopt([(try folder.load(ring: "web").0, 900)], at: Self.now)
        return RingKnowledge(
            verifierCache: 0, leeway: 30, longestLife: 900, publishesItself: false, history: history)
    }

    // The first key.

    @Test("a ring without a key gets one that loads, and no second one")
    func first() throws {
        let made = try #require(try FirstKey(place, .none).makeIfNone(.hs512, now: Self.now))
        #expect(try folder.kids() == [made.kid])
        #expect(try FirstKey(place, .none).makeIfNone(.hs512, now: Self.now) == nil)
        #expect(try folder.kids() == [made.kid])
    }

    @Test("a missing directory is made, for its owner alone")
    func directory() throws {
        try FileManager.default.removeItem(atPath: folder.path)
        let made = try FirstKey(place, .none).makeIfNone(.hs512, now: Self.now)
        #expect(try folder.kids() == [#require(made).kid])
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path)
        #expect(attributes[.posixPermissions] as? Int == 0o700)
    }

    @Test("made by root, directory and key go to whom the directory above belongs to", .enabled(if: Tester.isRoot))
    func owner() throws {
        try FileManager.default.removeItem(atPath: folder.path)
        try folder.setOwner(4_242, group: 4_243, folder.parent)
        let made = try #require(try FirstKey(place, .none).makeIfNone(.hs512, now: Self.now))
        for path in [folder.path, made.file] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.ownerAccountID] as? Int == 4_242, "\(path)")
            #expect(attributes[.groupOwnerAccountID] as? Int == 4_243, "\(path)")
        }
    }

    @Test("a directory that cannot be made is named, with what to do")
    func noParent() throws {
        let place = RingDirectory(path: folder.parent + "/none/keys", ring: "web", kekFiles: [])
        let error = #expect(throws: KeyError.self) { try FirstKey(place, .none).makeIfNone(.hs512, now: Self.now) }
        #expect(error?.fix.contains("install -d -m 0700") == true)
    }

    @Test("a key file that is broken is a key: no other is made beside it")
    func broken() throws {
        try folder.write("broken.jwk", "{}")
        #expect(try FirstKey(place, .none).makeIfNone(.hs512, now: Self.now) == nil)
        #expect(try folder.names == ["broken.jwk"])
    }

    @Test("a ring that has lost its keys gets none: its verifiers trust the old ones")
    func lost() throws {
        try folder.writeKey("a.jwk", kid: "a")
        let known = try knowledge()
        try FileManager.default.removeItem(atPath: folder.file("a.jwk"))
        let error = #expect(throws: KeyError.self) {
            try FirstKey(place, known).makeIfNone(.hs512, now: Self.now)
        }
        #expect(error?.problem == "had keys, and holds none any more")
        #expect(try folder.names == [])
    }

    @Test("a ring whose keys were all revoked gets none")
    func revoked() throws {
        try folder.write("revoked", "a\n")
        #expect(throws: KeyError.self) { try FirstKey(place, .none).makeIfNone(.hs512, now: Self.now) }
    }

    @Test("where a KEK is configured, the first key is sealed; where that KEK is not at hand, none is made")
    func sealed() throws {
        let keks = try KEKFolder()
        let kek = try keks.makeKEK()
        let place = RingDirectory(path: folder.path, ring: "web", kekFiles: [kek])
        let made = try #require(try FirstKey(place, .none).makeIfNone(.hs512, now: Self.now))
        #expect(made.file.hasSuffix(".jwe"))
        try FileManager.default.removeItem(atPath: made.file)
        let missing = RingDirectory(
            path: folder.path, ring: "web", kekFiles: [], missingKEKs: [KeyError("kek", "is not there", fix: "see")])
        #expect(throws: KeyError.self) { try FirstKey(missing, .none).makeIfNone(.hs512, now: Self.now) }
        #expect(try folder.names == [])
    }

    // Successors of old keys.

    private func key(_ kid: String, nbf: Int64, byte: UInt8 = 1) throws {
        try folder.writeKey("\(kid).jwk", kid: kid, byte: byte, more: "\"alg\":\"HS512\",\"nbf\":\(nbf),")
    }

    @Test("a key of that age gets a successor, a younger one does not", arguments: [89, 90])
    func age(days: Int64) throws {
        try key("a", nbf: Self.now - days * Self.day)
        let outcome = try KeyRenewal(place, try knowledge()).renew(
            nil, olderThan: 90 * Self.day, lead: 0, now: Self.now)
        switch outcome {
        case .rotated(let made):
            #expect(days == 90)
            #expect(try folder.load().0.signingKey(at: Self.now).map { try folder.load().0.keys[$0].kid } == made.kid)
        case .left(let reason):
            #expect(days == 89)
            #expect(reason == "its key \"a\" is young enough")
        }
        #expect(try folder.names.count == (days == 90 ? 2 : 1))
    }

    @Test("a key without times is as old as its file")
    func ageOfFile() throws {
        try folder.writeKey("a.jwk", kid: "a", more: "\"alg\":\"HS512\",")
        let written = try #require(
            try FileManager.default.attributesOfItem(atPath: folder.file("a.jwk"))[.modificationDate] as? Date)
        let now = Int64(written.timeIntervalSince1970) + Self.day
        let renewal = KeyRenewal(place, try knowledge())
        guard case .left = try renewal.renew(nil, olderThan: Self.day + 10, lead: 0, now: now) else {
            Issue.record("a young key was rotated")
            return
        }
        guard case .rotated = try renewal.renew(nil, olderThan: Self.day - 10, lead: 0, now: now) else {
            Issue.record("an old key was left")
            return
        }
    }

    @Test("while a successor waits for its time, no other is made")
    func next() throws {
        try key("a", nbf: 1)
        try key("b", nbf: Self.now + 10, byte: 2)
        let outcome = try KeyRenewal(place, try knowledge()).renew(nil, olderThan: 1, lead: 0, now: Self.now)
        guard case .left(let reason) = outcome else {
            Issue.record("rotated")
            return
        }
        #expect(reason == "the key \"b\" is next already")
        #expect(try folder.names == ["a.jwk", "b.jwk"])
    }

    @Test("a ring without a signing key is left alone; one with a broken file is an error")
    func unsound() throws {
        guard case .left = try KeyRenewal(place, .none).renew(.hs512, olderThan: 1, lead: 0, now: Self.now) else {
            Issue.record("rotated")
            return
        }
        try key("a", nbf: 1)
        try folder.write("broken.jwk", "{}")
        #expect(throws: KeyError.self) {
            try KeyRenewal(place, .none).renew(nil, olderThan: 1, lead: 0, now: Self.now)
        }
        #expect(try folder.names == ["a.jwk", "broken.jwk"])
    }
}
