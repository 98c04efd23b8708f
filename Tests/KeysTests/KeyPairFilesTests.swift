import Foundation
import JOSE
import Keys
import OpenSSL
import POSIX
import StrictJSON
import Testing

/// Rings of key pairs: from JWK, JWK Set and PEM files.
@Suite(.enabled(if: OpenSSLTool.isThere, "there is no \(OpenSSLTool.path)"))
struct KeyPairFilesTests {
    private let folder: KeyFolder

    init() throws { folder = try KeyFolder() }

    private static let options: [Algorithm: [String]] = [
        .rs256: ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"], .ps512: ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        .es256: ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], .es384: ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
        .es512: ["EC", "-pkeyopt", "ec_paramgen_curve:P-521"], .ed25519: ["ED25519"], .ed448: ["ED448"],
        .edDSA: ["ED448"],
    ]

    private func pem(_ algorithm: Algorithm) throws -> String {
        let options = try #require(Self.options[algorithm])
        return String(decoding: try OpenSSLTool.run(["genpkey", "-algorithm"] + options), as: UTF8.self)
    }

    private func publicHalf(_ pem: String) throws -> String {
        String(decoding: try OpenSSLTool.run("pkey", "-pubout", input: Array(pem.utf8)), as: UTF8.self)
    }

    private func jwk(_ algorithm: Algorithm, kid: ByteString? = nil) throws -> (kid: ByteString, text: String) {
        let workshop = try KeyFolder()
        let made = try KeyCreation(directory: workshop.path).createKey(algorithm, kid: kid, now: 1)
        return (made.kid, try String(contentsOfFile: made.file, encoding: .utf8))
    }

    @Test("a PEM file is a key that signs, and its kid is its thumbprint", arguments: Array(options.keys))
    func pemFile(_ algorithm: Algorithm) throws {
        let text = try pem(algorithm)
        let path = try folder.write("k.pem", text)
        let (ring, warnings) = try folder.load(algorithm)
        #expect(warnings.isEmpty)
        let key = try #require(ring.keys.first)
        #expect(ring.keys.count == 1)
        #expect(key.file == path)
        #expect(key.canSign)
        #expect(key.algorithm == algorithm)
        #expect(key.times == KeyTimes())
        #expect(try key.kid == #require(key.material.publicHalf).thumbprint())
        #expect(try key.verifies(key.sign("a.b"), "a.b"))

        // Its public half alone is the same key, and only verifies.
        let signature = try key.sign("a.b")
        try folder.write("k.pem", publicHalf(text))
        let half = try #require(try folder.load(algorithm).0.keys.first)
        #expect(half.kid == key.kid)
        #expect(!half.canSign)
        #expect(half.publicJWK == key.publicJWK)
        #expect(try half.verifies(signature, "a.b"))
        #expect(throws: OpenSSLError.self) { try half.sign("a.b") }
    }

    @Test("a ring of public halves verifies and has no signing key")
    func verifyOnly() throws {
        for number in 0..<3 { try folder.write("\(number).pem", publicHalf(pem(.es256))) }
        let ring = try folder.load(.es256).0
        #expect(ring.keys.count == 3)
        #expect(ring.signingKey(at: 1_800_000_000) == nil)
        #expect(ring.keys.indices.allSatisfy { ring.lives.verifies($0, at: 1_800_000_000, leeway: 0) })
        try folder.write("s.pem", pem(.es256))
        let position = try #require(try folder.load(.es256).0.signingKey(at: 1_800_000_000))
        #expect(try folder.load(.es256).0.keys[position].file == folder.file("s.pem"))
    }

    @Test("KEY-3 KEY-5 a PEM key for another algorithm than the ring's is refused", arguments: Array(options.keys))
    func otherAlgorithm(_ algorithm: Algorithm) throws {
        let file = try folder.write("k.pem", pem(algorithm))
        let kind = try #require(try folder.load(algorithm).0.keys.first).material
        for ring in Algorithm.allCases {
            guard case .keyPair(let pair, _) = kind.form, !ring.fits(pair.kind) else { continue }
            let error = try #require(folder.refusal(ring))
            #expect(error.file == file)
            #expect(error.problem == "is a key of another type or curve than \(ring.name) takes")
            #expect(error.fix == "move it to a ring of its own")
        }
    }

    @Test("ALG-1 a JWK's own alg is the ring's; EdDSA and its curves' names go together")
    func ownAlgorithm() throws {
        try folder.write("k.jwk", jwk(.rs256, kid: "k").text)
        #expect(try folder.kids(.rs256) == ["k"])
        #expect(folder.refusal(.ps256)?.problem == "is a key for RS256 in a ring for PS256")
        try folder.write("k.jwk", jwk(.edDSA, kid: "k").text)
        #expect(try folder.load(.ed25519).0.keys.first?.algorithm == .ed25519)
        #expect(try folder.load(.edDSA).0.keys.first?.algorithm == .edDSA)
        #expect(folder.refusal(.ed448)?.problem == "is a key of another type or curve than Ed448 takes")
        try folder.write("k.jwk", jwk(.ed448, kid: "k").text)
        #expect(try folder.load(.edDSA).0.keys.first?.algorithm == .edDSA)
        #expect(folder.refusal(.ed25519)?.problem == "is a key for Ed448 in a ring for Ed25519")
    }

    @Test("KEY-5 a JWK whose alg does not fit its type is refused in every ring")
    func unfitAlgorithm() throws {
        let text = try jwk(.es256, kid: "k").text.replacingOccurrences(of: "\"ES256\"", with: "\"ES384\"")
        try folder.write("k.jwk", text)
        for ring in [Algorithm.es256, .es384] {
            #expect(folder.refusal(ring)?.problem == "\"alg\" is ES384, which is not for keys of this type")
        }
    }

    @Test("THUMB-1 a JWK of a key pair without kid is known by its thumbprint; its own kid stands")
    func thumbprintKid() throws {
        let (kid, text) = try jwk(.ed25519)
        try folder.write("k.jwk", text.replacingOccurrences(of: "\"kid\":\"\(kid.text)\"", with: "\"x-note\":1"))
        #expect(try folder.kids(.ed25519) == [kid])
        try folder.write("k.jwk", text.replacingOccurrences(of: "\"kid\":\"\(kid.text)\"", with: "\"kid\":\"own\""))
        #expect(try folder.kids(.ed25519) == ["own"])
    }

    @Test("a key and its public half are one key, with a warning")
    func twins() throws {
        let text = try pem(.es256)
        try folder.write("a.pem", text)
        try folder.write("b.pem", publicHalf(text))
        let (ring, warnings) = try folder.load(.es256)
        #expect(ring.keys.map(\.canSign) == [true])
        #expect(warnings == ["\(folder.file("b.pem")) holds the same key as \(folder.file("a.pem"))"])
    }

    @Test("the private half counts, in whichever order the two halves' files come")
    func twinHalves() throws {
        let text = try pem(.es256)
        try folder.write("a.pem", publicHalf(text))
        try folder.write("b.pem", text)
        let ring = try folder.load(.es256).0
        #expect(ring.keys.map(\.canSign) == [true])
        #expect(ring.keys.map(\.file) == [folder.file("b.pem")])

        // What is revoked stays so, and what may only verify.
        let half = try #require(ring.keys.first?.publicJWK)
        let members = String(decoding: half, as: UTF8.self).dropLast()
        try folder.write("a.jwk", members + ",\"revoked\":true}")
        #expect(try folder.load(.es256).0.keys.map(\.times.isRevoked) == [true])
        #expect(try folder.load(.es256).0.signingKey(at: 1_800_000_000) == nil)
    }

    @Test(
        "a PEM file that is no key says why",
        arguments: [
            ("garbage", "holds no key in PEM"), ("\u{0}", "holds no key in PEM"),
            ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds no key in PEM"),
        ])
    func noKey(_ contents: String, _ problem: String) throws {
        let file = try folder.write("k.pem", contents)
        let error = try #require(folder.refusal(.es256))
        #expect(error.file == file)
        #expect(error.problem == problem)
        #expect(error.fix == "see whether the file is whole")
    }

    @Test("an encrypted PEM file, and one of a type that JOSE does not use, say what to do")
    func unusable() throws {
        let sealed = try OpenSSLTool.run(
            "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:p", input: Array(pem(.ed25519).utf8))
        let file = try folder.write("k.pem", String(decoding: sealed, as: UTF8.self))
        #expect(folder.refusal(.ed25519)?.problem == "is encrypted")
        #expect(folder.refusal(.ed25519)?.fix.hasPrefix("import it: `signet key import --passphrase-file") == true)
        for other in [["X25519"], ["EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"]] {
            let text = try OpenSSLTool.run(["genpkey", "-algorithm"] + other)
            try folder.write("k.pem", String(decoding: text, as: UTF8.self))
            let error = try #require(folder.refusal(.ed25519))
            #expect(error.file == file)
            #expect(error.problem == "holds a key of a type or curve that JOSE does not use")
        }
    }

    @Test("KEY-2 a PEM key of 2047 bits is refused")
    func shortModulus() throws {
        let text = try OpenSSLTool.run("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2047")
        try folder.write("k.pem", String(decoding: text, as: UTF8.self))
        #expect(
            folder.refusal(.rs256)?.problem
                == "is an RSA key of 2047 bits; at least 2048 are needed, and at most 16384")
    }

    // JWK Sets.

    @Test("JWKS-1 a ring of keys from three kinds of file publishes what verifiers need, and no private member")
    func published() throws {
        try folder.write("a.pem", pem(.es256))
        try folder.write("b.jwk", jwk(.es256, kid: "b").text)
        try folder.write("c.jwks", "{\"keys\":[\(jwk(.es256, kid: "c").text)]}")
        let ring = try folder.load(.es256).0
        #expect(ring.keys.count == 3)
        for key in ring.keys {
            let data = try Data(#require(key.publicJWK))
            let jwk = try #require(try JSONSerialization.jsonObject(with: data) as? [String: String])
            #expect(Set(jwk.keys) == ["kty", "crv", "x", "y", "use", "alg", "kid"])
            #expect(jwk["kid"] == key.kid.text)
            #expect(jwk["alg"] == "ES256")
        }
        try folder.writeKey("k.jwk", kid: "k")
        try ["a.pem", "b.jwk", "c.jwks"].forEach { try FileManager.default.removeItem(atPath: folder.file($0)) }
        #expect(try folder.load(.hs512).0.keys.map(\.publicJWK) == [nil])
    }

    @Test("every key of a JWK Set is one of the ring's, octets too")
    func set() throws {
        let keys = try [jwk(.es256), jwk(.es256), jwk(.es256, kid: "own")]
        let path = try folder.write("k.jwks", "{\"keys\":[\(keys.map(\.text).joined(separator: ","))],\"x\":1}")
        let ring = try folder.load(.es256).0
        #expect(Set(ring.keys.map(\.kid)) == Set(keys.map(\.kid)))
        #expect(ring.keys.allSatisfy { $0.canSign && $0.file == path })
        let octets = [KeyFolder.jwk(kid: "a", byte: 1), KeyFolder.jwk(kid: "b", byte: 2)]
        try folder.write("k.jwks", "{\"keys\":[\(octets.joined(separator: ","))]}")
        #expect(try Set(folder.kids(.hs512)) == ["a", "b"])
        try folder.write("k.jwks", #"{"keys":[]}"#)
        #expect(try folder.kids(.es256).isEmpty)
    }

    @Test("one bad key refuses the whole JWK Set, and the file is named")
    func badElement() throws {
        let good = KeyFolder.jwk(kid: "a")
        for (bad, problem) in try [
            (#"{"kty":"oct","kid":"b"}"#, "has no \"k\""), ("7", "is no valid JSON object"),
            (KeyFolder.jwk(kid: "b", byte: 2, count: 63), "is too short: 63 bytes where HS512 needs 64"),
            (jwk(.es256, kid: "b").text, "is a key for ES256 in a ring for HS512"),
            (#"{"kty":"oct","k":"AAAA"}"#, "is too short: 3 bytes where HS512 needs 64"),
            (
                KeyFolder.jwk(kid: "b", more: #""use":"enc","#),
                "\"use\" must be \"sig\": this key is meant for something else"
            ),
        ] {
            for keys in [[good, bad], [bad, good]] {
                let file = try folder.write("k.jwks", "{\"keys\":[\(keys.joined(separator: ","))]}")
                let error = try #require(folder.refusal(.hs512))
                #expect(error.file == file)
                #expect(error.problem == problem)
            }
        }
        try folder.write("k.jwks", "{\"keys\":[\(good),\(KeyFolder.jwk(kid: "a", byte: 2))]}")
        #expect(folder.refusal(.hs512)?.problem.hasPrefix("its kid \"a\" is that of another key") == true)
        for (text, problem) in [("[]", "has no \"keys\""), (#"{"keys":{}}"#, "\"keys\" must be an array of JWKs")] {
            try folder.write("k.jwks", text)
            #expect(folder.refusal(.hs512)?.problem == problem)
        }
    }

    @Test("no error about a key pair tells a byte of its secret")
    func silence() throws {
        let (_, text) = try jwk(.es256, kid: "k")
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        let secret = try #require(object?["d"] as? String)
        for broken in [
            text.replacingOccurrences(of: "\"crv\"", with: "\"crw\""), text + "x",
            text.replacingOccurrences(of: "\"x\"", with: "\"xx\""),
            text.replacingOccurrences(of: "ES256", with: "ES384"),
            text.replacingOccurrences(of: "\"d\":\"\(secret)\"", with: "\"d\":\"\(secret)=\""),
            text.replacingOccurrences(of: "\"d\":\"\(secret)\"", with: "\"d\":\"\(secret)AAAA\""),
            text.replacingOccurrences(of: "\"y\"", with: "\"k\""),
        ] {
            try folder.write("k.jwk", broken)
            let message = try #require(folder.refusal(.es256)).description
            #expect(!message.contains(secret.prefix(6)), "\(message)")
        }
    }
}
