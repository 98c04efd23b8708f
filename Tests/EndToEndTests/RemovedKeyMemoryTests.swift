import Foundation
import Testing

@Suite(
    "Of a key that was removed, nothing is left in memory",
    .enabled(if: geteuid() == 0, "reading another process's memory needs root"))
struct RemovedKeyMemoryTests {
    private static let rings = TestRing.everyKind.map(\.ring)

    /// Has every ring sign and verify on every connection; returns the tokens by ring.
    private func use(_ clients: [LineClient], _ rings: [TestRing]) throws -> [String: [String]] {
        var tokens: [String: [String]] = [:]
        for round in 0..<10 {
            for (client, ring) in clients.flatMap({ client in rings.map { (client, $0) } }) {
                let sign = #"{"op":"sign","profile":"\#(ring.name)","claims":{"n":\#(round)}}"#
                let token = try client.ask(sign).text("token")
                tokens[ring.name, default: []].append(token)
                let verify = #"{"op":"verify","profile":"\#(ring.name)","token":"\#(token)"}"#
                #expect(try client.ask(verify).isValid == true)
            }
        }
        return tokens
    }

    private func expectNothing(_ daemon: TestDaemon, _ keys: [String: Any], _ tokens: [String: [String]]) throws {
        let scan = try MemoryScan(of: daemon.process, keys: keys, tokens: tokens)
        #expect(scan.outside.isEmpty, "\(scan.outside.prefix(20))")
        #expect(Set(scan.inside.keys) == Set(keys.keys))
        #expect(scan.inside.values.allSatisfy { $0.isEmpty }, "\(scan.inside.filter { !$0.value.isEmpty })")
    }

    @Test("MEM-1 keys of every kind that every loop has used, when a forced reload has removed them")
    func forced() throws {
        let daemon = try TestDaemon(rings: Self.rings)
        // They stay open: the end of a connection would write over what is left on its loop's stack.
        let clients = try (0..<8).map { _ in try daemon.connect() }
        // The keys that the daemon began with, and then those that a reload brought.
        for kid in ["second", "third"] {
            let (keys, tokens) = (try daemon.privateKeys(of: Self.rings), try use(clients, Self.rings))
            let before = try MemoryScan(of: daemon.process, keys: keys)
            #expect(before.outside.isEmpty, "\(before.outside.prefix(20))")
            #expect(before.inside.values.allSatisfy { !$0.isEmpty })
            for ring in Self.rings {
                let file = try daemon.file(of: ring)
                try daemon.makeKey(in: ring.name, ring.algorithm, kid: kid)
                try FileManager.default.removeItem(at: file)
            }
            #expect(try clients[0].ask(#"{"op":"reload"}"#).errorCode == "reload_failed")
            let answer = try clients[0].ask(#"{"op":"reload","force":true}"#)
            #expect((answer["removed"] as? [Any])?.count == Self.rings.count, "\(answer)")
            try expectNothing(daemon, keys, tokens)
            let token = try #require(tokens["es256"]?.first)
            let refused = try clients[0].ask(#"{"op":"verify","profile":"es256","token":"\#(token)"}"#)
            #expect(refused.reason == "unknown_key")
        }
    }

    @Test("MEM-1 a key that has expired, when its file is gone and a reload has seen it")
    func expired() throws {
        let daemon = try TestDaemon(
            prepared: TestDaemon.settings(profile: "leeway = \"0s\"\nttl = \"1s\"\nmax_ttl = \"1s\""))
        let end = Int(Date().timeIntervalSince1970) + 8
        try daemon.writeKey(named: "first.jwk", kid: TestDaemon.kid, daemon.key, more: ",\"nbf\":9,\"exp\":\(end)")
        try daemon.writeKey(named: "second.jwk", kid: "second", TestDaemon.newKey(), more: ",\"nbf\":1")
        try daemon.start()
        let clients = try (0..<8).map { _ in try daemon.connect() }
        for client in clients { #expect(try client.ask(#"{"op":"sign"}"#).isOK) }
        let keys = ["key": ["kty": "oct", "alg": "HS512", "k": daemon.key.base64URL]]
        let before = try MemoryScan(of: daemon.process, keys: keys)
        #expect(before.outside.isEmpty, "\(before.outside)")
        #expect(before.inside["key"]?["key"] ?? 0 > 0)
        try daemon.awaitStatus("the key expires") { try $0.state(of: TestDaemon.kid) == "gone" }
        try FileManager.default.removeItem(at: daemon.keys.appending(path: "first.jwk"))
        #expect(try clients[0].ask(#"{"op":"reload"}"#).isOK)
        try withExtendedLifetime(clients) { try expectNothing(daemon, keys, [:]) }
    }
}
