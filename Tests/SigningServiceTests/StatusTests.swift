import JOSE
import Keys
import SigningService
import StrictJSON
import Testing

@Suite("The op status, and what it is made of")
struct StatusTests {
    @Test("Admins see every ring: which key signs, or none, and what is revoked; others see no ring")
    func rings() throws {
        let revoked = Keyring(name: "spare", algorithm: .hs256, keys: [], revoked: ["r1", "r2"])
        let worker = try worker(rings: [revoked])
        let answer = try worker.answer(#"{"op":"status"}"#, from: .admin)
        let rings = try #require(answer.raw("keyrings")).text
        #expect(rings.hasPrefix(#"[{"name":"main","algorithm":"HS256","verifier_cache":0,"signs":"k1","keys":[{"#))
        #expect(
            rings.hasSuffix(
                #","revoked":[]},"#
                    + #"{"name":"spare","algorithm":"HS256","verifier_cache":0,"signs":null,"keys":[],"#
                    + #""revoked":["r1","r2"]}]"#))
        #expect(answer.raw("last_reload") == "null")
        #expect(try worker.answer(#"{"op":"status"}"#).raw("keyrings") == nil)
    }

    @Test("A worker that signs and verifies passes its own test, each time it is asked")
    func selfTest() throws {
        let worker = try worker()
        for _ in 0..<2 { try worker.testItself() }
    }
}
