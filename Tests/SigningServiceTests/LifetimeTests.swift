import Authorization
import JOSE
import Keys
import SigningService
import StrictJSON
import Testing

@Suite struct LifetimeTests {
    private func life(_ worker: Worker, _ ttl: Int64? = nil, at now: Int64 = noon) throws -> Int64 {
        let member = ttl.map { ",\"ttl\":\($0)" } ?? ""
        return try worker.answer("{\"op\":\"sign\"\(member)}", at: now).integer("exp") - now
    }

    @Test(
        "CLM-8 without ttl a token lives min(profile ttl, entry max_ttl)",
        arguments: [(900, 86_400, 604_800, 900), (900, 60, 604_800, 60), (900, 900, 900, 900), (900, 86_400, 300, 300)])
    func defaults(_ ttl: Int64, _ entryMaximum: Int64, _ profileMaximum: Int64, _ life: Int64) throws {
        let profile = profile(ttl: ttl, maximumTTL: profileMaximum, allow: [entry(maximumTTL: entryMaximum)])
        #expect(try self.life(worker([profile])) == life)
    }

    @Test(
        "CLM-8 a ttl up to the cap is granted, one second more is ttl_too_long",
        arguments: [
            (1, 1), (3_600, 604_800), (604_800, 3_600), (2_147_483_647, 2_147_483_647),
        ])
    func cap(_ entryMaximum: Int64, _ profileMaximum: Int64) throws {
        let cap = min(entryMaximum, profileMaximum)
        let worker = try worker([profile(maximumTTL: profileMaximum, allow: [entry(maximumTTL: entryMaximum)])])
        #expect(try life(worker, 1) == 1)
        #expect(try life(worker, cap) == cap)
        let longer = try worker.answer("{\"op\":\"sign\",\"ttl\":\(cap + 1)}")
        #expect(try longer.outcome == (cap == 2_147_483_647 ? "malformed_request" : "ttl_too_long"))
        #expect(try worker.answer("{\"op\":\"sign\",\"ttl\":0}").outcome == "malformed_request")
    }

    @Test("a token never outlives its key's exp")
    func keyEnd() throws {
        let worker = try worker(keys: [try key(times: KeyTimes(expires: noon + 100))])
        #expect(try life(worker, 99) == 99)
        #expect(try life(worker, 100) == 100)
        #expect(try life(worker, 101) == 100)
        #expect(try life(worker) == 100)
        #expect(try worker.verify(worker.token(), at: noon + 99).outcome == "ok")
    }

    @Test(
        "with less than min(ttl, 60 s) of the key left there is no signing key",
        arguments: [
            (left: 60, ttl: 900, signs: true), (left: 59, ttl: 900, signs: false), (left: 59, ttl: 59, signs: true),
            (left: 58, ttl: 59, signs: false), (left: 1, ttl: 1, signs: true), (left: 1, ttl: 2, signs: false),
            (left: 0, ttl: 1, signs: false), (left: -1, ttl: 1, signs: false),
        ])
    func remainder(_ left: Int64, _ ttl: Int64, _ signs: Bool) throws {
        let worker = try worker(keys: [try key(times: KeyTimes(expires: noon + left))])
        let answer = try worker.answer("{\"op\":\"sign\",\"ttl\":\(ttl)}")
        #expect(try answer.outcome == (signs ? "ok" : "no_signing_key"))
    }

    @Test(
        "ROT-1 only a current key signs",
        arguments: [
            (KeyTimes(), true, "ok"), (KeyTimes(notBefore: noon), true, "ok"),
            (KeyTimes(notBefore: noon + 1), true, "no_signing_key"),
            (KeyTimes(issuedAt: noon + 1), true, "no_signing_key"),
            (KeyTimes(issuedAt: noon + 1, notBefore: noon), true, "ok"),
            (KeyTimes(expires: noon), true, "no_signing_key"),
            (KeyTimes(isRevoked: true), true, "no_signing_key"), (KeyTimes(), false, "no_signing_key"),
        ])
    func states(_ times: KeyTimes, _ canSign: Bool, _ outcome: String) throws {
        let worker = try worker(keys: [try key(canSign: canSign, times: times)])
        #expect(try worker.answer("{\"op\":\"sign\"}").outcome == outcome)
    }

    @Test("ROT-1 the usable key with the latest nbf signs; ties go to the later iat, then the greater kid")
    func preference() throws {
        let keys = [
            try key("old", times: KeyTimes(notBefore: noon - 10)),
            try key("a", seed: 2, times: KeyTimes(notBefore: noon)),
            try key("b", seed: 3, times: KeyTimes(notBefore: noon)),
            try key("iat", seed: 4, times: KeyTimes(issuedAt: noon - 3, notBefore: noon + 5)),
            try key("earlier", seed: 5, times: KeyTimes(issuedAt: noon - 4, notBefore: noon + 5)),
            try key("revoked", seed: 6, times: KeyTimes(notBefore: noon - 1, isRevoked: true)),
        ]
        let worker = try SigningServiceTests.worker(keys: keys)
        func signer(_ now: Int64) throws -> String { try worker.answer("{\"op\":\"sign\"}", at: now).string("kid") }
        #expect(try signer(noon - 1) == "old")
        #expect(try signer(noon) == "b")
        #expect(try signer(noon + 5) == "iat")
        #expect(try worker.verify(worker.token(at: noon + 5), at: noon + 5).outcome == "ok")
        // A clock that steps back takes no key out of service that has signed; before any has, nbf rules.
        #expect(try signer(noon) == "iat")
        #expect(try signer(noon - 11) == "iat")
        let fresh = try SigningServiceTests.worker(keys: keys.map { try key($0.kid, times: $0.times) })
        #expect(try fresh.answer("{\"op\":\"sign\"}", at: noon - 11).outcome == "no_signing_key")
    }

    @Test("CLM-9 a token of exactly the cap is signed and fits a verify request; one byte more is too_large")
    func size() throws {
        let cap = 65_536 - 512
        let worker = try worker()
        let unpadded = try worker.token("{\"p\":\"\"}").utf8.count
        var (signed, refused) = (0, 0)
        for padding in ((cap - unpadded) * 3 / 4 - 4)...((cap - unpadded) * 3 / 4 + 4) {
            let claims = "{\"p\":\"\(String(repeating: "x", count: padding))\"}"
            let answer = try worker.answer("{\"op\":\"sign\",\"claims\":\(claims)}")
            let explained = try worker.answer("{\"op\":\"explain\",\"claims\":\(claims)}")
            #expect(try explained.outcome == answer.outcome)
            guard try answer.outcome == "ok" else {
                #expect(try answer.outcome == "too_large")
                refused += 1
                continue
            }
            signed += 1
            let token = try answer.string("token")
            #expect(token.utf8.count <= cap)
            let line = "{\"op\":\"verify\",\"token\":\"\(token)\"}"
            #expect(line.utf8.count < 65_536)
            #expect(try worker.answer(line).outcome == "ok")
            #expect(refused == 0)
        }
        #expect(signed > 0 && refused > 0)
        #expect(try worker.answer("{\"op\":\"sign\"}").outcome == "ok")
    }

    @Test("CLM-9 the cap counts every byte of a token", arguments: Algorithm.allCases)
    func exactly(_ algorithm: Algorithm) throws {
        let keys = [try key("k1", algorithm)]
        let length = try worker(keys: keys).token("{\"p\":\"xxxx\"}").utf8.count
        #expect(try worker(keys: keys, largestToken: length).token("{\"p\":\"xxxx\"}").utf8.count == length)
        for operation in ["sign", "explain"] {
            let line = "{\"op\":\"\(operation)\",\"claims\":{\"p\":\"xxxx\"}}"
            #expect(try worker(keys: keys, largestToken: length).answer(line).outcome == "ok")
            let answer = try worker(keys: keys, largestToken: length - 1).answer(line)
            #expect(try answer.outcome == "too_large")
            #expect(try answer.message.contains("\(length) bytes"))
        }
    }
}
