import Authorization
import JOSE
import Keys
import OpenSSL
import SigningService
import StrictJSON
import Testing

/// The op `jwks`: which keys verifiers elsewhere get, and who may ask.
@Suite struct JWKSTests {
    private func keys(_ answer: Answer) throws -> ByteString {
        try #require(answer.object("jwks").raw("keys"))
    }

    private func ring(_ name: ByteString, _ algorithm: Algorithm, _ keys: [Key]) -> Keyring {
        Keyring(name: name, algorithm: algorithm, keys: keys)
    }

    @Test("JWKS-1 the answer holds public members only, and each key's use, alg and kid", arguments: Algorithm.allCases)
    func publicMembers(_ algorithm: Algorithm) throws {
        let worker = try worker(keys: [key("k", algorithm)])
        let text = try keys(worker.answer(#"{"op":"jwks"}"#)).text
        guard case .keyPair = algorithm.mechanism else {
            #expect(text == "[]")
            return
        }
        for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] { #expect(!text.contains("\"\(member)\":")) }
        for member in ["\"use\":\"sig\"", "\"alg\":\"\(algorithm.name)\"", "\"kid\":\"k\"", "\"kty\":"] {
            #expect(text.contains(member))
        }
    }

    @Test("next and previous keys are published; revoked ones have left, as have those whose time is over")
    func states() throws {
        let all = [
            try key("next", .es256, seed: 1, times: KeyTimes(notBefore: noon + 100)),
            try key("current", .es256, seed: 2),
            try key("revoked", .es256, seed: 3, times: KeyTimes(isRevoked: true)),
            try key("ending", .es256, seed: 4, times: KeyTimes(expires: noon - 29)),
            try key("over", .es256, seed: 5, times: KeyTimes(expires: noon - 30)),
        ]
        let text = try keys(worker(keys: all).answer(#"{"op":"jwks","keyring":"main"}"#)).text
        for kid in ["next", "current", "ending"] { #expect(text.contains("\"kid\":\"\(kid)\"")) }
        for kid in ["revoked", "over"] { #expect(!text.contains("\"kid\":\"\(kid)\"")) }
    }

    @Test("PEER-1 a caller without an entry sees no ring, existing or not; an admin is told which")
    func whoMayAsk() throws {
        let worker = try worker(keys: [key("k", .es256)], rings: [ring("other", .es256, [key("o", .es256, seed: 2)])])
        #expect(try worker.answer(#"{"op":"jwks"}"#, from: .stranger).outcome == "not_permitted")
        let existing = try worker.answer(#"{"op":"jwks","keyring":"other"}"#, from: .web)
        let missing = try worker.answer(#"{"op":"jwks","keyring":"wrong"}"#, from: .web)
        #expect(try existing.outcome == "not_permitted")
        #expect(existing.line.text.replacing("other", with: "wrong") == missing.line.text)
        #expect(try worker.answer(#"{"op":"jwks","keyring":"wrong"}"#, from: .admin).outcome == "unknown_keyring")
        #expect(try keys(worker.answer(#"{"op":"jwks","keyring":"other"}"#, from: .admin)).text.contains("\"o\""))
        // Without a name: the caller's rings alone, and all of them for an admin.
        #expect(try !keys(worker.answer(#"{"op":"jwks"}"#, from: .web)).text.contains("\"o\""))
        #expect(try keys(worker.answer(#"{"op":"jwks"}"#, from: .admin)).text.contains("\"o\""))
        #expect(try worker.answer(#"{"op":"jwks"}"#, from: .overflow).outcome == "not_permitted")
    }

    @Test("the answer says its generation and when to ask again")
    func hints() throws {
        let answer = try worker(keys: [key("k", .es256)]).answer(#"{"op":"jwks"}"#)
        #expect(try answer.integer("generation") == 1)
        #expect(try answer.integer("refresh_hint") > 0)
    }
}
