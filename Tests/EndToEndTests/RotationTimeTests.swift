import Foundation
import Testing

@Suite("Keys change their state with time, without a signal") struct RotationTimeTests {
    private static var now: Int { Int(Date().timeIntervalSince1970) }

    @Test("ROT-1 a key becomes current by itself when its nbf comes, and the one before it previous")
    func notBefore() throws {
        let daemon = try TestDaemon()
        let clients = try (0..<4).map { _ in try daemon.connect() }
        let token = try clients[0].ask(#"{"op":"sign"}"#).text("token")
        let start = Self.now + 5
        try daemon.writeKey(named: "next.jwk", kid: "next", TestDaemon.newKey(), more: ",\"nbf\":\(start)")
        let answer = try daemon.reloadAnew()
        // Unless this took so long that its time had come.
        if Self.now < start { #expect((answer["promoted"] as? [Any])?.isEmpty == true) }
        let status = try daemon.awaitStatus("the key signs") { status in
            let isTime = status.time >= start
            let states = [try status.state(of: TestDaemon.kid), try status.state(of: "next")]
            #expect(states == (isTime ? ["previous", "current"] : ["current", "next"]))
            return isTime
        }
        #expect(status.generation == 2)
        for client in clients {
            #expect(try client.ask(#"{"op":"sign"}"#).text("kid") == "next")
            #expect(try client.ask(#"{"op":"verify","token":"\#(token)"}"#).isValid == true)
        }
    }

    @Test("ROT-1 verifiers can get a new key at once, and on no connection it signs before they all must have it")
    func verifierCache() throws {
        let ring = PublishedRing(keyring: "verifier_cache = \"3s\"")
        let daemon = try ring.daemon()
        let clients = try (0..<4).map { _ in try daemon.connect() }
        let sign = #"{"op":"sign","profile":"web"}"#
        for client in clients { #expect(try client.ask(sign).text("kid") == "w1") }
        try ring.makeKey("w2", in: daemon)
        try daemon.reloadAnew()
        let jwks = try clients[0].ask(#"{"op":"jwks","keyring":"web"}"#)
        #expect(try JWKSet(jwks["jwks"]).kids == ["w1", "w2"])
        #expect(jwks["refresh_hint"] as? Int == 3)
        #expect(try ring.published(daemon).kids == ["w1", "w2"])
        let published = try #require(try daemon.status().ring("web").key("w2").published)
        // The time when a verifier could read the file first, as the file itself says it.
        let written = try ring.modified(daemon)
        #expect(Double(published) >= written)
        var kids: Set<String> = []
        try awaitResult("the key signs") {
            for client in clients {
                let kid = try client.ask(sign).text("kid")
                let time = Date().timeIntervalSince1970
                if kid == "w2" { #expect(time >= written + 3) }
                kids.insert(kid)
            }
            return kids.contains("w2") ? true : nil
        }
        #expect(kids.isSubset(of: ["w1", "w2"]))
        for client in clients { #expect(try client.ask(sign).text("kid") == "w2") }
        let status = try daemon.status().ring("web")
        #expect(try status.key("w1").state == "previous")
        #expect(try status.key("w2").signsFrom != nil)
        #expect(try ring.published(daemon).kids == ["w1", "w2"])
    }

    @Test("ROT-1 where no other key can sign, a new one does not wait")
    func onlyKey() throws {
        let ring = PublishedRing(keyring: "verifier_cache = \"7d\"")
        let daemon = try ring.daemon()
        #expect(try daemon.sign("web").text("kid") == "w1")
        let revoked = ring.directory(of: daemon).appending(path: "revoked")
        try Data("w1\n".utf8).write(to: revoked)
        try ring.makeKey("w2", in: daemon)
        try daemon.reloadAnew()
        #expect(try daemon.sign("web").text("kid") == "w2")
    }

    @Test("JWKS-1 ROT-2 a previous key leaves jwks and the published file by itself when its last token has expired")
    func previousLeaves() throws {
        let ring = PublishedRing(profile: "leeway = \"0s\"\nttl = \"2s\"\nmax_ttl = \"5s\"")
        let daemon = try ring.daemon()
        let client = try daemon.connect()
        let last = try client.ask(#"{"op":"sign","profile":"web","ttl":5}"#)
        let (token, exp) = (last.text("token"), try #require(last["exp"] as? Int))
        try ring.makeKey("w2", in: daemon)
        try daemon.reloadAnew()
        #expect(try client.ask(#"{"op":"sign","profile":"web"}"#).text("kid") == "w2")
        let verify = #"{"op":"verify","profile":"web","token":"\#(token)"}"#
        let sound = try client.ask(verify)
        #expect(sound.isValid == true || Self.now >= exp)
        try awaitResult("the key leaves the file") {
            // Asked in this order: what is in the file has not left before it was read.
            let (kids, time) = (try ring.published(daemon).kids, Self.now)
            if time < exp { #expect(kids == ["w1", "w2"]) }
            return kids == ["w2"] ? true : nil
        }
        #expect(Self.now >= exp)
        let jwks = try client.ask(#"{"op":"jwks","keyring":"web"}"#)
        #expect(try JWKSet(jwks["jwks"]).kids == ["w2"])
        #expect(try client.ask(verify).reason == "unknown_key")
        let status = try DaemonStatus(by: client)
        #expect(try status.ring("web").key("w1").state == "gone")
        #expect(status.generation == 2)
    }
}
