import JOSE
import Keys
import SigningService
import StrictJSON
import Testing

@Suite struct VerifyHeaderTests {
    /// What becomes of a token with this header, signed by the ring's key.
    private func outcome(_ header: String, by seed: UInt8 = 1, type: ByteString = "JWT") throws -> String {
        let worker = try worker([profile(type: type)], keys: [try key(), try key("k2", seed: 2)])
        return try worker.verify(HostileToken(header: header).signed(by: key(seed: seed))).outcome
    }

    @Test(
        "ALG-1 the key's algorithm verifies, written in any JSON way",
        arguments: [
            "{\"alg\":\"HS256\",\"kid\":\"k1\"}",
            "{\"typ\":\"JWT\",\"kid\":\"\\u006b1\",\"\\u0061lg\":\"HS\\u003256\"}",
            "{ \"alg\" :\n\"HS256\", \"kid\":\"k1\",\"unknown\":{\"a\":[1]}}\n",
        ])
    func algorithm(_ header: String) throws { #expect(try outcome(header) == "ok") }

    @Test(
        "ALG-1 ALG-2 any other alg is wrong_algorithm, however well it is signed",
        arguments: [
            "\"HS384\"", "\"HS512\"", "\"hs256\"", "\"HS256 \"", "\" HS256\"", "\"HS256\\u0000\"", "\"RS256\"",
            "\"PS256\"",
            "\"ES256\"", "\"EdDSA\"", "\"none\"", "\"None\"", "\"nOnE\"", "\"\"", "1", "null", "[\"HS256\"]", "{}",
            "true",
            "\"ＨS256\"",
        ])
    func wrongAlgorithm(_ alg: String) throws {
        #expect(try outcome("{\"alg\":\(alg),\"kid\":\"k1\"}") == "wrong_algorithm")
    }

    @Test("ALG-1 a missing alg is wrong_algorithm")
    func missingAlgorithm() throws { #expect(try outcome("{\"kid\":\"k1\",\"Alg\":\"HS256\"}") == "wrong_algorithm") }

    @Test("ALG-1 a key of another length does not verify under its digest's name")
    func otherKey() throws {
        let worker = try worker(keys: [try key("k1", .hs512)])
        let token = try HostileToken().signed(by: key("k1", .hs512))
        #expect(try worker.verify(token).outcome == "wrong_algorithm")
        #expect(
            try worker.verify(HostileToken(header: "{\"alg\":\"HS512\",\"kid\":\"k1\"}").signed(by: key("k1", .hs512)))
                .outcome == "ok")
    }

    @Test(
        "HDR-2 crit, b64 and zip in any form are malformed",
        arguments: ["crit", "b64", "zip", "cr\\u0069t", "\\u0062\\u00364"])
    func extensions(_ name: String) throws {
        for value in ["[]", "[\"exp\"]", "[\"b64\"]", "\"x\"", "null", "true", "false", "\"DEF\"", "{}", "0"] {
            #expect(try outcome("{\"alg\":\"HS256\",\"kid\":\"k1\",\"\(name)\":\(value)}") == "malformed")
        }
    }

    @Test(
        "HDR-3 a key that the token brings is not used; the ring's own verifies beside it",
        arguments: [
            "\"jwk\":{\"kty\":\"oct\",\"kid\":\"k1\",\"alg\":\"HS256\",\"k\":\"ycrLzM3Oz9DR0tPU1dbX2Nna29zd3t_g4eLj5OXm5-g\"}",
            "\"jku\":\"https://evil.example/jwks\"", "\"x5u\":\"https://evil.example/x\"", "\"x5c\":[\"AAAA\"]",
            "\"x5t\":\"AAAA\"",
        ])
    func ownKeys(_ member: String) throws {
        let header = "{\"alg\":\"HS256\",\"kid\":\"k1\",\(member)}"
        #expect(try outcome(header, by: 201) == "bad_signature")
        #expect(try outcome(header) == "ok")
    }

    @Test(
        "HDR-4 a kid that no key has is unknown_key",
        arguments: [
            "\"../x\"", "\"k1 \"", "\"K1\"", "\"\"", "\"k1\\u0000\"", "\"'; --\"", "\"\\\"\"", "\"\u{212A}1\"", "1",
            "null",
            "[\"k1\"]", "{}", "true", "\"k\"", "\"k11\"", "\"" + String(repeating: "k", count: 1_025) + "\"",
        ])
    func unknownKey(_ kid: String) throws {
        #expect(try outcome("{\"alg\":\"HS256\",\"kid\":\(kid)}") == "unknown_key")
    }

    @Test("HDR-4 the key is looked up, not tried: another key's kid is a bad signature")
    func noTrying() throws {
        #expect(try outcome("{\"alg\":\"HS256\",\"kid\":\"k2\"}", by: 1) == "bad_signature")
        #expect(try outcome("{\"alg\":\"HS256\",\"kid\":\"k2\"}", by: 2) == "ok")
    }

    @Test("HDR-4 without kid the only key that verifies is taken, and none of two")
    func missingKid() throws {
        let token = try HostileToken(header: "{\"alg\":\"HS256\"}").signed(by: key())
        let gone = KeyTimes(isRevoked: true)
        let past = KeyTimes(expires: noon - 30)
        #expect(try worker().verify(token).outcome == "ok")
        #expect(
            try worker(keys: [key(), key("r", seed: 2, times: gone), key("p", seed: 3, times: past)]).verify(token)
                .outcome == "ok")
        #expect(try worker(keys: [key(), key("k2", seed: 2)]).verify(token).outcome == "unknown_key")
        #expect(try worker(keys: [key(times: gone)]).verify(token).outcome == "unknown_key")
        #expect(try worker(keys: []).verify(token).outcome == "unknown_key")
    }

    @Test("HDR-4 a kid of 1,024 bytes is found")
    func longestKid() throws {
        let kid = ByteString(Array(repeating: UInt8(ascii: "k"), count: 1_024))
        let worker = try worker(keys: [try key(kid)])
        #expect(try worker.verify(worker.token()).outcome == "ok")
    }

    @Test(
        "HDR-4 ROT-2 next and previous keys verify, revoked and ended ones do not",
        arguments: [
            (KeyTimes(notBefore: noon + 1_000), "ok"), (KeyTimes(expires: noon - 29), "ok"),
            (KeyTimes(expires: noon - 30), "unknown_key"), (KeyTimes(isRevoked: true), "revoked"),
            (KeyTimes(expires: noon - 30, isRevoked: true), "revoked"),
        ])
    func states(_ times: KeyTimes, _ outcome: String) throws {
        for canSign in [true, false] {
            let worker = try worker(keys: [try key(canSign: canSign, times: times), try key("other", seed: 2)])
            #expect(try worker.verify(HostileToken().signed(by: key())).outcome == outcome)
        }
    }

    @Test("CLM-3 a token of another profile's ring is unknown_key though its claims fit")
    func foreignRing() throws {
        let theirs = try key("theirs", seed: 9)
        let worker = try worker(
            [profile(), profile("other", keyring: "second")],
            rings: [Keyring(name: "second", algorithm: .hs256, keys: [theirs])])
        let token = try worker.answer("{\"op\":\"sign\",\"profile\":\"other\"}").string("token")
        #expect(try worker.verify(token).outcome == "unknown_key")
        #expect(try worker.answer("{\"op\":\"verify\",\"profile\":\"other\",\"token\":\"\(token)\"}").outcome == "ok")
    }

    @Test(
        "JSON-1 JSON-2 a header that is not one strict JSON object is malformed",
        arguments: [
            "{\"alg\":\"HS256\",\"alg\":\"HS256\",\"kid\":\"k1\"}",
            "{\"alg\":\"HS256\",\"kid\":\"k2\",\"\\u006bid\":\"k1\"}",
            "{\"alg\":\"HS256\",\"kid\":\"k1\",}", "[]", "\"HS256\"", "1", "null", "", " ", "{",
            "{\"alg\":\"HS256\",\"kid\":\"k1\"}x",
            "\u{FEFF}{\"alg\":\"HS256\",\"kid\":\"k1\"}",
            "{\"alg\":\"HS256\",\"kid\":\"k1\",\"a\":" + String(repeating: "[", count: 32)
                + String(repeating: "]", count: 32) + "}",
        ])
    func strict(_ header: String) throws { #expect(try outcome(header) == "malformed") }

    @Test(
        "HDR-6 typ is compared as a media type",
        arguments: [
            ("JWT", "\"JWT\"", "ok"), ("JWT", "\"jwt\"", "ok"), ("JWT", "\"J\\u0057T\"", "ok"),
            ("JWT", "\"at+jwt\"", "wrong_type"),
            ("JWT", "\"\"", "wrong_type"), ("JWT", "null", "wrong_type"), ("JWT", "1", "wrong_type"),
            ("JWT", "\"JWT \"", "wrong_type"),
            ("JWT", "\"JOSE\"", "wrong_type"), ("at+jwt", "\"at+jwt\"", "ok"), ("at+jwt", "\"AT+JWT\"", "ok"),
            ("at+jwt", "\"application/at+jwt\"", "ok"), ("at+jwt", "\"APPLICATION/At+Jwt\"", "ok"),
            ("at+jwt", "\"JWT\"", "wrong_type"),
            ("at+jwt", "\"at+jwt;x\"", "wrong_type"), ("at+jwt", "\"text/at+jwt\"", "wrong_type"),
            ("at+jwt", "\"at+jwt\\u0000\"", "wrong_type"),
            ("at+jwt", "[\"at+jwt\"]", "wrong_type"), ("at+jwt", "null", "wrong_type"),
            ("application/at+jwt", "\"at+jwt\"", "ok"),
        ])
    func type(_ type: String, _ typ: String, _ outcome: String) throws {
        let header = "{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\(typ)}"
        #expect(try self.outcome(header, type: ByteString(type)) == outcome)
    }

    @Test("HDR-6 a missing typ is a JWT and nothing else")
    func missingType() throws {
        let header = "{\"alg\":\"HS256\",\"kid\":\"k1\"}"
        #expect(try outcome(header) == "ok")
        #expect(try outcome(header, type: "at+jwt") == "wrong_type")
    }
}
