import Foundation
import Testing

@Suite(
    "Through failed reloads, rotation and removal, keys stand only where they may",
    .enabled(if: geteuid() == 0, "reading another process's memory needs root"))
struct KeyLifeMemoryTests {
    private let folder: Workshop
    private let daemon: TestDaemon
    /// Kinds as above, and one that is sealed.
    private let rings = TestRing.everyKind.map(\.ring) + [Self.sealed]
    private static let sealed = TestRing("ES384", name: "sealed")

    init() throws {
        folder = try Workshop()
        daemon = try TestDaemon(preparedRings: rings)
    }

    private var kek: String { daemon.directory.appending(path: "kek").path }
    private var published: URL { daemon.directory.appending(path: "public") }

    private func signet(_ arguments: String...) throws {
        let program = try folder.signet(["key"] + arguments)
        try #require(program.status == 0, "\(program.errors)")
    }

    /// Has the daemon know a KEK, and publish a ring.
    private func configure() throws {
        let settings = try String(contentsOf: daemon.configuration, encoding: .utf8)
            .replacing("[server]", with: "[server]\nkek = [\"file:kek\"]\n")
            .replacing("[keyring.es256]", with: "[keyring.es256]\npublish = \"public/jwks.json\"")
        try daemon.configure(settings)
        try FileManager.default.createDirectory(at: published, withIntermediateDirectories: false)
        try signet("new-kek", kek)
    }

    /// The keys that stand in the rings' directories, by ring and file; those of `seal` are sealed when that is done.
    private func keys(but known: Set<String> = []) throws -> [String: Any] {
        var keys: [String: Any] = [:]
        for ring in rings {
            for name in try FileManager.default.contentsOfDirectory(atPath: daemon.directory(of: ring).path) {
                let key = "\(ring.name)/\(name)"
                guard !known.contains(key), !name.hasSuffix(".jwe") else { continue }
                keys[key] = try privateKey(
                    String(contentsOf: daemon.directory(of: ring).appending(path: name), encoding: .utf8))
            }
        }
        return keys
    }

    private func seal() throws { try signet("seal", "--kek", kek, daemon.directory(of: Self.sealed).path) }

    /// Has every ring sign and verify on each connection.
    private func use(_ clients: [LineClient]) throws {
        for (client, ring) in clients.flatMap({ client in rings.map { (client, $0) } }) {
            let token = try client.ask(#"{"op":"sign","profile":"\#(ring.name)"}"#).text("token")
            let verify = #"{"op":"verify","profile":"\#(ring.name)","token":"\#(token)"}"#
            #expect(try client.ask(verify).isValid == true)
        }
    }

    /// Looks for keys: nothing stands outside of locked pages, something of those that are `held` inside, nothing of the
    /// others.
    private func expect(_ held: [String: Any], nothingOf gone: [String: Any], _ when: Comment) throws {
        let scan = try MemoryScan(of: daemon.process, keys: held.merging(gone) { $1 })
        #expect(scan.outside.isEmpty, "\(when): \(scan.outside.prefix(20))")
        for key in held.keys { #expect(scan.inside[key]?.isEmpty == false, "\(when): \(key)") }
        for key in gone.keys { #expect(scan.inside[key]?.isEmpty == true, "\(when): \(key)") }
    }

    @Test("MEM-1 keys of every kind that reloads refused, that others succeed, and that are removed")
    func life() throws {
        try configure()
        let first = try keys()
        try seal()
        let kek: [String: Any] = ["kek": try privateKey(String(contentsOfFile: kek, encoding: .utf8))]
        try daemon.start()
        // They stay open: the end of a connection would write over what is left on its loop's stack.
        let clients = try (0..<4).map { _ in try daemon.connect() }
        try use(clients)
        try expect(first, nothingOf: kek, "after use")

        // Each ring gets a second key, and the reloads that bring them fail, each at another step.
        for ring in rings { try daemon.addKey(to: ring, "second.pem") }
        let second = try keys(but: Set(first.keys))
        try #require(second.count == rings.count)
        try seal()
        func fail(_ words: String) throws {
            let answer = try clients[0].ask(#"{"op":"reload"}"#)
            #expect(answer.errorCode == "reload_failed")
            #expect(answer.line.contains(words), "\(answer)")
            try expect(first, nothingOf: second.merging(kek) { $1 }, "\(words)")
        }
        // Of the ring that is read last, the file that is read last.
        let broken = daemon.directory(of: Self.sealed).appending(path: "zz.jwk")
        try Data("{".utf8).write(to: broken)
        try daemon.setMode(0o600, broken)
        try fail("zz.jwk")
        try FileManager.default.removeItem(at: broken)
        try daemon.setMode(0o644, URL(filePath: self.kek))
        try fail("/kek")
        try daemon.setMode(0o600, URL(filePath: self.kek))
        let (away, web) = (daemon.directory.appending(path: "away"), daemon.directory(of: TestRing("HS256")))
        let name = try #require(first.keys.first { $0.hasPrefix("hs256/") }?.dropFirst("hs256/".count))
        try FileManager.default.moveItem(at: web.appending(path: String(name)), to: away)
        try fail("vanished")
        try FileManager.default.moveItem(at: away, to: web.appending(path: String(name)))
        try FileManager.default.removeItem(at: published)
        try fail("jwks.json")
        try FileManager.default.createDirectory(at: published, withIntermediateDirectories: false)

        // That the scanner finds the second keys once they are served shows that it would have found them.
        try daemon.reloadAnew()
        try use(clients)
        try expect(first.merging(second) { $1 }, nothingOf: kek, "after rotation")

        for key in first.keys {
            let file = daemon.directory.appending(path: "keys/\(key)")
            let path = file.deletingPathExtension().path
            for kind in ["jwk", "pem", "jwe"] { try? FileManager.default.removeItem(atPath: "\(path).\(kind)") }
        }
        try daemon.reloadAnew(force: true)
        try expect(second, nothingOf: first.merging(kek) { $1 }, "after removal")
        try use(clients)
        try withExtendedLifetime(clients) { try expect(second, nothingOf: first, "after removal and use") }
    }
}
