import JOSE
import Keys
import StrictJSON
import Testing

/// Rotation, revocation and pruning of a directory, as `signet key` does them.
@Suite struct RingEditingTests {
    private static let now: Int64 = 1_800_000_000
    private let folder: KeyFolder

    init() throws { folder = try KeyFolder() }

    private var place: RingDirectory { RingDirectory(path: folder.path, ring: "web", kekFiles: []) }

    /// What the daemon recorded of the ring.
    private func knowledge(_ records: [ByteString: KeyRecord] = [:], longestLife: Int64 = 900) throws -> RingKnowledge {
        var history = KeyHistory()
        let ring = try folder.load().0.with(records, verifierCache: 0)
        let web = Keyring(name: "web", algorithm: .hs512, keys: ring.keys, records: records)
        history.adopt([(web, longestLife)], at: Self.now)
        return RingKnowledge(
            verifierCache: 0, leeway: 30, longestLife: longestLife, publishesItself: false, history: history)
    }

    private func key(_ kid: String, nbf: Int64, byte: UInt8, more: String = "") throws {
        try folder.writeKey("\(kid).jwk", kid: kid, byte: byte, more: "\"alg\":\"HS512\",\"nbf\":\(nbf),\(more)")
    }

    // Rotation.

    @Test("ROT-1 rotate makes a successor of the same kind, with its nbf a lead away; the old key stays")
    func rotate() throws {
        try key("old", nbf: 1, byte: 1)
        let made = try KeyRotation(place, try knowledge()).rotate(nil, lead: 3_600, isSealed: nil, now: Self.now)
        #expect(made.algorithm == .hs512)
        #expect(made.notBefore == Self.now + 3_600)
        #expect(try folder.names == [made.file.split(separator: "/").last.map(String.init) ?? "", "old.jwk"].sorted())
        let ring = try folder.load().0
        #expect(ring.signingKey(at: Self.now + 3_599).map { ring.keys[$0].kid } == "old")
        #expect(ring.signingKey(at: Self.now + 3_600).map { ring.keys[$0].kid } == made.kid)
        let again = try KeyRotation(place, try knowledge()).rotate(nil, lead: 0, isSealed: nil, now: Self.now)
        #expect(again.notes.first?.contains("is next already") == true)
    }

    @Test("ROT-1 a successor made in the same second as the key that it follows is preferred to it all the same")
    func rotateAtOnce() throws {
        try key("zzz", nbf: Self.now, byte: 1)
        let made = try KeyRotation(place, try knowledge()).rotate(nil, lead: 0, isSealed: nil, now: Self.now)
        #expect(made.notBefore == Self.now + 1)
        let ring = try folder.load().0
        #expect(ring.signingKey(at: Self.now + 1).map { ring.keys[$0].kid } == made.kid)
    }

    @Test("ROT-1 after a clock was set back, a successor is preferred to the key that has signed all the same")
    func rotateAfterStep() throws {
        try key("ahead", nbf: Self.now + 3_600, byte: 1)
        let knowledge = try knowledge(["ahead": KeyRecord(published: 1, latestExpiry: Self.now, hasSigned: true)])
        let made = try KeyRotation(place, knowledge).rotate(nil, lead: 0, isSealed: nil, now: Self.now)
        #expect(made.notBefore == Self.now + 3_601)
    }

    @Test(
        "a lead that is a slip of the hand is refused before anything is written",
        arguments: [-1, 366 * 86_400 + 1, .max])
    func rotateLead(_ lead: Int64) throws {
        try key("now", nbf: 2, byte: 2)
        let rotation = KeyRotation(place, try knowledge())
        #expect(throws: KeyError.self) { try rotation.rotate(nil, lead: lead, isSealed: nil, now: Self.now) }
        #expect(try folder.names == ["now.jwk"])
        _ = try rotation.rotate(nil, lead: 366 * 86_400, isSealed: nil, now: Self.now)
    }

    @Test("rotate refuses a directory that does not load, and one that does not say what it is for")
    func rotateRefused() throws {
        #expect(throws: KeyError.self) {
            try KeyRotation(place, .none).rotate(nil, lead: 0, isSealed: nil, now: Self.now)
        }
        try folder.write("broken.jwk", "{")
        #expect(throws: KeyError.self) {
            try KeyRotation(place, .none).rotate(.hs512, lead: 0, isSealed: nil, now: Self.now)
        }
        #expect(try folder.names == ["broken.jwk"])
    }

    // Revocation.

    @Test("revoke adds the kid to DIR/revoked, once, and keeps what stands there")
    func revoke() throws {
        try key("old", nbf: 1, byte: 1)
        try key("now", nbf: 2, byte: 2)
        let revocation = KeyRevocation(place, try knowledge())
        #expect(try revocation.revoke("old") == folder.file("revoked"))
        _ = try revocation.revoke("old")
        _ = try revocation.revoke("never seen")
        #expect(try folder.load().0.revoked == ["old", "never seen"])
        #expect(try revocation.concerns("old").0)
        #expect(try revocation.concerns("now").0)
        #expect(try !revocation.concerns("other").0)
        // One that cannot be opened here is known by the name of its file.
        try folder.write("sealed.jwe", "a.b.c")
        #expect(try revocation.concerns("sealed").0)
        #expect(try revocation.concerns("other").errors.count == 1)
    }

    @Test("a ring that would be left without a key that may sign is told before anything is written")
    func revokeOnly() throws {
        try key("now", nbf: 2, byte: 2)
        let revocation = KeyRevocation(place, try knowledge())
        func fix() -> String? {
            #expect(throws: KeyError.self) { try revocation.requireSuccessor(of: "now", now: Self.now) }?.fix
        }
        #expect(fix() == "make its successor first with `signet key rotate`, or use --force")
        let rotate = "make its successor first with `signet key rotate`"
        try key("later", nbf: Self.now + 36_000, byte: 5)
        #expect(fix() == "\(rotate), wait 10 h until \"later\" signs, or use --force")
        try key("next", nbf: Self.now + 5, byte: 3)
        #expect(fix() == "\(rotate), wait 5 s until \"next\" signs, or use --force")
        // Of two that may sign from then on, the preferred one does.
        try key("nextmost", nbf: Self.now + 5, byte: 6)
        #expect(fix() == "\(rotate), wait 5 s until \"nextmost\" signs, or use --force")
        try revocation.requireSuccessor(of: "next", now: Self.now)
        try revocation.requireSuccessor(of: "other", now: Self.now)
        try key("old", nbf: 1, byte: 4)
        try revocation.requireSuccessor(of: "now", now: Self.now)
    }

    @Test("a kid that cannot stand on a line of its own is refused", arguments: ["", "a\nb", "a\u{0}"])
    func revokeUnlistable(_ kid: String) throws {
        #expect(throws: KeyError.self) {
            try KeyRevocation(place, .none).revoke(ByteString(kid))
        }
    }

    // Pruning.

    private func prune(_ knowledge: RingKnowledge, isRehearsal: Bool = false, at now: Int64 = now) throws -> [String] {
        let report = try KeyPruning(place, knowledge).prune(isRehearsal: isRehearsal, now: now)
        #expect(report.errors == [])
        return report.removed.map { $0.kid.text }.sorted()
    }

    @Test("ROT-2 prune removes a previous key when the last token that it signed has expired, and not a second before")
    func prunePrevious() throws {
        try key("old", nbf: 1, byte: 1)
        try key("now", nbf: 2, byte: 2)
        let knowledge = try knowledge([
            "old": KeyRecord(published: 1, latestExpiry: Self.now - 30, hasSigned: true),
            "now": KeyRecord(published: 1, latestExpiry: Self.now - 99, hasSigned: true),
        ])
        #expect(try prune(knowledge, at: Self.now - 1) == [])
        #expect(try prune(knowledge, isRehearsal: true) == ["old"])
        #expect(try folder.names == ["now.jwk", "old.jwk"])
        #expect(try prune(knowledge) == ["old"])
        #expect(try folder.names == ["now.jwk"])
    }

    @Test("ROT-2 prune keeps what it knows nothing of: a directory that no configuration names, a ring of bytes")
    func pruneUnknown() throws {
        try key("old", nbf: 1, byte: 1)
        try key("now", nbf: 2, byte: 2)
        try key("over", nbf: 1, byte: 3, more: "\"exp\":\(Self.now - 600),")
        #expect(try prune(.none, at: Self.now - 1) == [])
        #expect(try prune(.none) == ["over"])
        let bytes = try knowledge(["old": KeyRecord(latestExpiry: KeyRecord.never)], longestLife: KeyRecord.never)
        #expect(try prune(bytes) == [])
        // Nothing was recorded: what may have been signed until now lives as long as any token.
        let fresh = RingKnowledge(
            verifierCache: 0, leeway: 30, longestLife: 900, publishesItself: false, history: KeyHistory())
        #expect(try prune(fresh) == [])
    }

    @Test("prune removes revoked keys, and a key that its own file revokes stays revoked by the list")
    func pruneRevoked() throws {
        try key("bad", nbf: 1, byte: 1, more: "\"revoked\":true,")
        try key("worse", nbf: 1, byte: 3)
        try key("now", nbf: 2, byte: 2)
        _ = try KeyRevocation(place, .none).revoke("worse")
        #expect(try prune(.none) == ["bad", "worse"])
        #expect(try folder.names == ["now.jwk", "revoked"])
        #expect(try folder.load().0.revoked == ["worse", "bad"])
    }

    @Test("prune leaves a set of which some keys are needed")
    func pruneSet() throws {
        let gone = KeyFolder.jwk(kid: "gone", byte: 1, more: "\"exp\":5,")
        try folder.write("set.jwks", "{\"keys\":[\(gone),\(KeyFolder.jwk(kid: "now", byte: 2))]}")
        let report = try KeyPruning(place, .none).prune(isRehearsal: false, now: Self.now)
        #expect(report.removed.isEmpty)
        #expect(report.notes.first?.hasPrefix(folder.file("set.jwks")) == true)
        #expect(try folder.names == ["set.jwks"])
    }
}
