import Foundation
import Testing

@Suite("Others verify what signetd signs, and signetd what they sign")
struct CrossVerificationTests {
    @Test(
        "ALG-1 JWKS-1 PyJWT, for every algorithm", .enabled(if: JOSEPeer.pyJWT.isReachable, JOSEPeer.pyJWT.advice),
        arguments: TestRing.everyAlgorithm)
    func pyJWT(_ ring: TestRing) throws { try bothWays(.pyJWT, ring) }

    @Test(
        "ALG-1 JWKS-1 joserfc, for every algorithm",
        .enabled(if: JOSEPeer.joserfc.isReachable, JOSEPeer.joserfc.advice), arguments: TestRing.everyAlgorithm)
    func joserfc(_ ring: TestRing) throws { try bothWays(.joserfc, ring) }

    @Test(
        "ALG-1 JWKS-1 jose (latchset), for every algorithm that it knows",
        .enabled(if: JOSEPeer.jose.isReachable, JOSEPeer.jose.advice),
        arguments: TestRing.everyAlgorithm.filter { !$0.algorithm.hasPrefix("Ed") })
    func jose(_ ring: TestRing) throws { try bothWays(.jose, ring) }

    @Test(
        "jose (latchset) knows EdDSA, Ed25519 and Ed448 not, so they are left out there; and knows the rest",
        .enabled(if: JOSEPeer.jose.isReachable, JOSEPeer.jose.advice))
    func joseAlgorithms() throws {
        let known = Set(try Program.run("jose", ["alg"]).output.split(separator: "\n").map(String.init))
        for ring in TestRing.everyAlgorithm {
            #expect(known.contains(ring.algorithm) != ring.algorithm.hasPrefix("Ed"), "\(ring.algorithm)")
        }
    }

    private func bothWays(_ peer: JOSEPeer, _ ring: TestRing) throws {
        let daemon = try TestDaemon(rings: [ring])
        try signHere(daemon, ring, peer)
        try signThere(daemon, ring, peer)
    }

    /// With the key of the `jwks` answer others verify a token, and refuse it changed.
    private func signHere(_ daemon: TestDaemon, _ ring: TestRing, _ peer: JOSEPeer) throws {
        let client = try daemon.connect()
        let claims = #""sub":"ad\u0061","n":[1.0,12345678901234567890]"#
        let sign = #"{"op":"sign","profile":"\#(ring.name)","claims":{\#(claims)}}"#
        let signed = try client.ask(sign)
        let token = signed.text("token")
        let other = try client.ask(sign).text("token")
        // The payload of one token under the signature of the other.
        let mixed = try segments(token)[..<2].joined(separator: ".") + "." + segments(other)[2]

        let verdicts = try peer.ask(
            ring.algorithm, keys: publicKeys(daemon, ring, client), verify: [token, other, mixed],
            file: daemon.file(of: ring)
        ).verified
        try #require(verdicts.count == 3)
        #expect(verdicts[0].header == ["alg": ring.algorithm, "kid": signed.text("kid"), "typ": "JWT"])
        let expected = "{\(claims),\"iss\":\"https://\(ring.name).example.com\","
        #expect(verdicts[0].payload?.hasPrefix(expected) == true, "\(verdicts[0])")
        #expect(verdicts[1].refused == nil)
        #expect(verdicts[2].refused != nil)
    }

    /// With the key's file others sign what signetd verifies; with another key, under the same kid, what it refuses.
    private func signThere(_ daemon: TestDaemon, _ ring: TestRing, _ peer: JOSEPeer) throws {
        let client = try daemon.connect()
        let kid = try client.ask(#"{"op":"sign","profile":"\#(ring.name)"}"#).text("kid")
        let claims = [
            #""sub":"gr\u0061ce","n":1.0"#, #""iss":"https://\#(ring.name).example.com""#,
            #""aud":"https://api.example.com""#, "\"exp\":\(Int(Date().timeIntervalSince1970) + 600)",
        ]
        let payload = "{\(claims.joined(separator: ","))}"
        let content = JOSEPeer.Request.Content(
            header: ["alg": ring.algorithm, "kid": kid, "typ": "JWT"], payload: payload)
        func verified(_ file: URL) throws -> Answer {
            let signed = try peer.ask(ring.algorithm, keys: [], file: file, sign: content).signed
            let token = try #require(signed)
            return try client.ask(#"{"op":"verify","profile":"\#(ring.name)","token":"\#(token)"}"#)
        }
        let answer = try verified(daemon.file(of: ring))
        #expect(answer.isValid == true, "\(answer)")
        #expect(answer.line.contains("\"claims\":" + payload))
        let stranger = try TestDaemon(preparedRings: [ring])
        #expect(try verified(stranger.file(of: ring)).reason == "bad_signature")
    }

    /// What verifiers elsewhere get: the ring's JWK Set, or for HMAC the secret.
    private func publicKeys(_ daemon: TestDaemon, _ ring: TestRing, _ client: LineClient) throws -> [[String: String]] {
        if ring.isHMAC {
            let jwk = try JSONSerialization.jsonObject(with: Data(daemon.key(of: ring).utf8))
            let members = try #require(jwk as? [String: Any])
            return [members.compactMapValues { $0 as? String }]
        }
        let jwks = try client.ask(#"{"op":"jwks","keyring":"\#(ring.name)"}"#)["jwks"] as? [String: Any]
        let keys = try #require(jwks?["keys"] as? [[String: String]])
        try #require(keys.count == 1)
        return keys
    }

    private func segments(_ token: String) throws -> [String] {
        let segments = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        try #require(segments.count == 3)
        return segments
    }
}
