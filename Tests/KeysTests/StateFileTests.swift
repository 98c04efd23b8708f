import JOSE
import Keys
import OpenSSL
import POSIX
import StrictJSON
import Testing

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
        var file = try folder.state()
        try file.write(history, serving: [ring], isRunning: isRunning, at: now)
    }

    private func read(at now: Int64 = now) throws -> [ByteString: KeyRecord] {
        let file = try folder.state()
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
        let file = try folder.state()
        let fault = #expect(throws: StateFile.Fault.self) { _ = try file.read(user: user, at: Self.now) }
        #expect(fault?.error.file == folder.file("state.json"))
        #expect(try folder.names == ["state.json.unreadable", "state.lock"])
        #expect(try file.read(user: user, at: Self.now) == nil)
    }

    @Test("a state file that others can write is refused")
    func writableByOthers() throws {
        try write(try ring(["a": KeyRecord(published: 5)]), isRunning: false)
        #expect(try read().count == 1)
        try folder.setMode(0o602, folder.file("state.json"))
        let file = try folder.state()
        #expect(throws: StateFile.Fault.self) { _ = try file.read(user: user, at: Self.now) }
    }

    @Test("two daemons do not share a state directory; a missing one is named")
    func exclusive() throws {
        let first = try StateFile(directory: folder.path)
        let fault = #expect(throws: StateFile.Fault.self) { _ = try StateFile(directory: folder.path) }
        #expect(fault?.error.problem == "is kept by another signetd")
        _ = consume first
        _ = try folder.state()
        #expect(throws: StateFile.Fault.self) { _ = try StateFile(directory: folder.parent + "/missing") }
    }

    @Test("a tool reads the state of a running daemon, and takes what may be signed meanwhile into account")
    func peek() throws {
        try write(try ring(["a": KeyRecord(published: 5, latestExpiry: 6)]), isRunning: true)
        let held = try folder.state()
        let history = try StateFile.peek(directory: folder.path, user: user, at: Self.now)
        #expect(history?.rings["web"]?.records["a"]?.latestExpiry == Self.now + 900)
        _ = consume held
        #expect(try StateFile.peek(directory: folder.parent + "/missing", user: user, at: Self.now) == nil)
    }
}
