import Foundation
import JOSE
import Keys
import OpenSSL
import POSIX
import StrictJSON
import Testing

/// `state.json` where something else stands in its place, and what it says of several rings.
@Suite struct StatePlacesTests {
    private static let now: Int64 = 1_800_000_000
    private let folder: KeyFolder
    private var user: UInt32 { ThisProcess.userID }

    init() throws { folder = try KeyFolder(named: "state") }

    private func ring(_ name: ByteString, _ records: [ByteString: KeyRecord] = [:]) throws -> Keyring {
        Keyring(
            name: name, algorithm: .hs256,
            keys: try records.keys.map { kid in
                Key(
                    kid: kid, material: try KeyMaterial(octets: SecretBytes(count: 32), .hs256),
                    times: KeyTimes(notBefore: kid == "now" ? 2 : 1), file: "x")
            }, records: records)
    }

    private func history(_ rings: [Keyring], at now: Int64 = now) -> KeyHistory {
        var history = KeyHistory()
        history.adopt(rings.map { ($0, 900) }, at: now)
        return history
    }

    private func makeDirectory(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: true)
    }

    @Test("a directory that is in the way of the lock, of the file or of what is kept of it is named")
    func inTheWay() throws {
        try makeDirectory("state.lock")
        let first = #expect(throws: StateFile.Fault.self) { _ = try StateFile(directory: folder.path) }
        #expect(first?.error.file == folder.path && first?.error.problem.hasPrefix("cannot be written: ") == true)
        try FileManager.default.removeItem(atPath: folder.file("state.lock"))

        var file = try StateFile(directory: folder.path)
        try makeDirectory("state.json/x")
        let second = #expect(throws: KeyError.self) {
            try file.write(history([try ring("web")]), serving: [], isRunning: false, at: Self.now)
        }
        #expect(second?.file == folder.file("state.json") && second?.problem.hasPrefix("cannot be written: ") == true)
        #expect(try folder.names == ["state.json", "state.lock"])
        try FileManager.default.removeItem(atPath: folder.file("state.json"))

        try folder.write("state.json", "{")
        try makeDirectory("state.json.unreadable/x")
        let third = #expect(throws: StateFile.Fault.self) { _ = try file.read(user: user, at: Self.now) }
        #expect(third?.error.fix == "remove it")
        #expect(try folder.names.contains("state.json"))
    }

    @Test("a state file that is a link, or far too large, is not read")
    func notRead() throws {
        try folder.write("other", "{}")
        try FileManager.default.createSymbolicLink(atPath: folder.file("state.json"), withDestinationPath: "other")
        let link = #expect(throws: KeyError.self) {
            _ = try StateFile.peek(directory: folder.path, user: user, at: Self.now)
        }
        #expect(link?.problem == "is a symbolic link")
        try FileManager.default.removeItem(atPath: folder.file("state.json"))
        let large = FileHandle(forWritingAtPath: try folder.write("state.json", ""))
        try large?.truncate(atOffset: 32 << 20 + 1)
        let error = #expect(throws: KeyError.self) {
            _ = try StateFile.peek(directory: folder.path, user: user, at: Self.now)
        }
        #expect(error?.problem.hasPrefix("cannot be read: ") == true)
    }

    @Test("what it says already is not written again")
    func sameText() throws {
        var file = try StateFile(directory: folder.path)
        let history = history([try ring("web")])
        try file.write(history, serving: [], isRunning: false, at: Self.now)
        try FileManager.default.removeItem(atPath: file.path)
        try file.write(history, serving: [], isRunning: false, at: Self.now)
        #expect(try folder.names == ["state.lock"])
        try file.write(history, serving: [], isRunning: true, at: Self.now)
        #expect(try folder.names == ["state.json", "state.lock"])
    }

    @Test("ROT-2 several rings are read again; after a crash, so is what the former signer of one may have signed")
    func severalRings() throws {
        let records: [ByteString: KeyRecord] = ["now": KeyRecord(published: 1), "old": KeyRecord(published: 1)]
        let rings = [try ring("a", records), try ring("b", records)]
        var file = try StateFile(directory: folder.path)
        try file.write(history(rings), serving: rings, formerSigners: ["b": "old"], isRunning: true, at: Self.now)
        let read = try #require(try file.read(user: user, at: Self.now + 9))
        let bound = Self.now + 9 + 900
        #expect(read.rings["a"]?.records.mapValues(\.latestExpiry) == ["now": bound, "old": nil])
        #expect(read.rings["b"]?.records.mapValues(\.latestExpiry) == ["now": bound, "old": bound])
    }

    @Test("a state file of a version that did not know when a ring was taken into service is read")
    func withoutAdopted() throws {
        try folder.write(
            "state.json", #"{"version":1,"running":false,"keyrings":{"web":{"longest_life":900,"keys":{}}}}"#)
        let read = try #require(try StateFile.peek(directory: folder.path, user: user, at: Self.now))
        #expect(read.rings["web"]?.adopted == 0 && read.rings["web"]?.longestLife == 900)
    }

    @Test("ROT-2 what is gone and never signed is forgotten: a ring that is served no more, a key of one that is")
    func forgotten() throws {
        let (signed, idle) = (KeyRecord(published: 1, latestExpiry: Self.now + 5), KeyRecord(published: 1))
        var history = history([
            try ring("idle", ["k": idle]), try ring("busy", ["k": signed]), try ring("web", ["k": idle, "s": signed]),
        ])
        history.adopt([(try ring("web", ["new": idle]), 900)], at: Self.now)
        #expect(history.rings.keys.sorted() == ["busy", "web"])
        #expect(history.rings["web"]?.records.keys.sorted() == ["new", "s"])
    }
}
