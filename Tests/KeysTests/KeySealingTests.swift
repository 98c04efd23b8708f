import Foundation
import JOSE
import Keys
import OpenSSL
import POSIX
import StrictJSON
import Testing

@Suite("Sealing, opening and sealing anew") struct KeySealingTests {
    private let folder: KEKFolder
    private let kek: String
    private var keys: KeyFolder { folder.keys }

    init() throws {
        folder = try KEKFolder()
        kek = try folder.makeKEK()
    }

    private var sealing: KeySealing { KeySealing(keys.place(keks: [kek])) }

    private func contents(_ name: String) throws -> String {
        try String(contentsOfFile: keys.file(name), encoding: .utf8)
    }

    /// The only key of the ring, as what identifies it.
    private func fingerprint(_ algorithm: Algorithm = .hs512) throws -> [UInt8] {
        let ring = try keys.load(algorithm, keks: [kek]).0
        try #require(ring.keys.count == 1)
        return ring.keys[0].material.fingerprint
    }

    @Test("a JWK comes back byte for byte; between, its directory holds nothing readable")
    func jwk() throws {
        let text = KeyFolder.jwk(kid: "k", more: #""iat":1,"nbf":2,"note":"é","key_ops":["verify"],"#) + "\n\n"
        try keys.write("some name.jwk", text)
        let before = try fingerprint()
        let report = try sealing.seal()
        #expect(report.changes.map(\.kid) == ["k"])
        #expect(report.changes.map(\.file) == [keys.file("k.jwe")])
        #expect(report.errors.isEmpty && report.notes.isEmpty)
        #expect(try keys.names == ["k.jwe"])
        #expect(try !contents("k.jwe").contains("AQEBAQEBAQEB"))
        #expect(try fingerprint() == before)
        let key = try #require(try keys.load(keks: [kek]).0.keys.first)
        #expect(key.times == KeyTimes(issuedAt: 1, notBefore: 2))
        #expect(!key.canSign)
        #expect(try sealing.seal().changes.isEmpty)
        #expect(try sealing.unseal().changes.map(\.file) == [keys.file("k.jwk")])
        #expect(try keys.names == ["k.jwk"])
        #expect(try contents("k.jwk") == text)
        let attributes = try FileManager.default.attributesOfItem(atPath: keys.file("k.jwk"))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test(
        "a PEM key keeps its kid and what it may be used for",
        arguments: [
            (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], [Algorithm.es256]),
            (["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], [.rs256, .ps512]),
            (["-algorithm", "ed25519"], [.edDSA, .ed25519]),
        ])
    func pem(_ kind: [String], _ algorithms: [Algorithm]) throws {
        let pem = try OpenSSLTool.pem(kind)
        try keys.write("key.pem", pem)
        let before = try #require(try keys.load(algorithms[0]).0.keys.first)
        let report = try sealing.seal()
        #expect(report.errors.isEmpty, "\(report.errors)")
        #expect(try keys.names == [before.kid.text + ".jwe"])
        for algorithm in algorithms {
            let key = try #require(try keys.load(algorithm, keks: [kek]).0.keys.first)
            #expect(key.kid == before.kid)
            #expect(key.times == before.times)
            #expect(key.material.fingerprint == before.material.fingerprint)
        }
        _ = try sealing.unseal()
        #expect(try keys.names == [before.kid.text + ".jwk"])
        #expect(try keys.load(algorithms[0]).0.keys.first?.material.fingerprint == before.material.fingerprint)
    }

    @Test("of several keys, one that is named, or all")
    func oneKey() throws {
        for (index, kid) in ["a", "b", "c"].enumerated() {
            try keys.writeKey("\(kid).jwk", kid: kid, byte: UInt8(index + 1))
        }
        #expect(try sealing.seal(kid: "b").changes.map(\.kid) == ["b"])
        #expect(try keys.names == ["a.jwk", "b.jwe", "c.jwk"])
        #expect(throws: KeyError.self) { try sealing.seal(kid: "z") }
        #expect(throws: KeyError.self) { try sealing.seal(kid: "b") }
        #expect(try sealing.seal().changes.map(\.kid) == ["a", "c"])
        #expect(try sealing.unseal(kid: "c").changes.map(\.kid) == ["c"])
        #expect(try keys.names == ["a.jwe", "b.jwe", "c.jwk"])
        #expect(try keys.load(keks: [kek]).0.keys.count == 3)
    }

    @Test("public keys stay, with a note; sets of private keys are refused, with a hint; neither hinders the others")
    func leftAlone() throws {
        let pem = try OpenSSLTool.pem(["-algorithm", "ed25519"])
        try keys.write("private.pem", pem)
        let half = try KeyImport(file: keys.file("private.pem")).publicJWK(nil, kid: "half")
        let jwk = String(decoding: half, as: UTF8.self)
        try FileManager.default.removeItem(atPath: keys.file("private.pem"))
        try keys.write("half.jwk", jwk)
        try keys.write("halves.jwks", "{\"keys\":[\(jwk)]}")
        try keys.write("set.jwks", "{\"keys\":[\(KeyFolder.jwk(kid: "s", byte: 3))]}")
        try keys.write("x.jwk", "{}")
        try keys.writeKey("z.jwk", kid: "z")
        let report = try sealing.seal()
        #expect(report.changes.map(\.kid) == ["z"])
        #expect(
            report.notes == [
                "\(keys.file("half.jwk")) is a public key, which needs no seal",
                "\(keys.file("halves.jwks")) holds public keys, which need no seal",
            ])
        #expect(report.errors.map(\.file) == [keys.file("set.jwks"), keys.file("x.jwk")])
        #expect(report.errors[0].fix.contains("*.jwk"))
        #expect(try keys.names == ["half.jwk", "halves.jwks", "set.jwks", "x.jwk", "z.jwe"])
    }

    @Test("a kid that cannot name a file leaves the file the name that it has")
    func strangeKid() throws {
        try keys.writeKey("web.jwk", kid: "../k")
        #expect(try sealing.seal().changes.map(\.file) == [keys.file("web.jwe")])
        #expect(try keys.load(keks: [kek]).0.keys.map(\.kid) == ["../k"])
        #expect(try sealing.unseal().changes.map(\.file) == [keys.file("web.jwk")])
    }

    @Test("reseal puts all sealed keys under the first KEK; the old one is not needed any more")
    func reseal() throws {
        try folder.sealKey("a", byte: 1, under: kek)
        try folder.sealKey("b", byte: 2, under: kek)
        try keys.writeKey("c.jwk", kid: "c", byte: 3)
        let new = try folder.makeKEK("new")
        let before = try ["a.jwe", "b.jwe"].map { try contents($0) }
        #expect(try KeySealing(keys.place(keks: [new, kek])).reseal().changes.map(\.kid) == ["a", "b"])
        #expect(try keys.names == ["a.jwe", "b.jwe", "c.jwk"])
        #expect(try keys.load(keks: [new]).0.keys.count == 3)
        #expect(keys.refusal(keks: [kek])?.problem.contains("is sealed under the KEK \"new\"") == true)
        #expect(try ["a.jwe", "b.jwe"].map { try contents($0) } != before)
        let attributes = try FileManager.default.attributesOfItem(atPath: keys.file("a.jwe"))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        // Without the KEK that opens them nothing changes.
        let after = try contents("a.jwe")
        let report = try KeySealing(keys.place(keks: [kek])).reseal()
        #expect(report.changes.isEmpty)
        #expect(report.errors.count == 2)
        #expect(try contents("a.jwe") == after)
    }

    @Test("what reads one plain key says of a sealed one that it is sealed")
    func notPlain() throws {
        let file = try folder.sealKey("k", under: kek)
        let sealed = KeyError(file, "is a sealed key", fix: "open it first: `signet key unseal`")
        #expect(throws: sealed) { try KeyImport(file: file).thumbprint() }
        #expect(throws: KeyError.self) { try KeyImport(file: keys.write("half", "a.b.c.d.e")).thumbprint() }
    }

    @Test("SEAL-4 a key sealed for another ring is neither opened nor sealed anew")
    func otherRing() throws {
        try folder.sealKey("k", under: kek, ring: "web")
        let before = try contents("k.jwe")
        for report in [try sealing.unseal(), try sealing.reseal()] {
            #expect(report.changes.isEmpty)
            #expect(report.errors.map(\.problem) == ["is sealed for the keyring \"web\", not for \"default\""])
        }
        #expect(try contents("k.jwe") == before)
        #expect(try keys.names == ["k.jwe"])
    }

    @Test("without a KEK, or with a broken one, nothing is touched")
    func noKEK() throws {
        try keys.writeKey("k.jwk", kid: "k")
        #expect(try KeySealing(keys.place()).seal().errors.map(\.problem) == ["no KEK is named to seal with"])
        #expect(throws: KeyError.self) { try KeySealing(keys.place(keks: [kek, folder.path("none")])).seal() }
        #expect(throws: KeyError.self) {
            try KeyCreation(sealing: keys.place()).createKey(.hs512, kid: "n", now: 0)
        }
        #expect(try keys.names == ["k.jwk"])
    }

    @Test("a key that daemons would refuse is not sealed: open to others, too short, broken")
    func refused() throws {
        try keys.writeKey("open.jwk", kid: "open")
        try keys.setMode(0o644, keys.file("open.jwk"))
        try keys.writeKey("short.jwk", kid: "short", count: 20)
        let report = try sealing.seal()
        #expect(report.errors.map(\.file) == [keys.file("open.jwk"), keys.file("short.jwk")])
        #expect(try keys.names == ["open.jwk", "short.jwk"])
    }

    @Test("a new key is not made beside a sealed one of its kid, nor a sealed one beside a plain one")
    func rivals() throws {
        try folder.sealKey("k", under: kek)
        #expect(throws: KeyError(keys.file("k.jwe"), "exists already", fix: "choose another kid, or remove it first")) {
            try KeyCreation(directory: keys.path).createKey(.hs512, kid: "k", now: 0)
        }
        try keys.writeKey("p.jwk", kid: "p", byte: 2)
        #expect(throws: KeyError(keys.file("p.jwk"), "exists already", fix: "choose another kid, or remove it first")) {
            try KeyCreation(sealing: keys.place(keks: [kek])).createKey(.hs512, kid: "p", now: 0)
        }
        #expect(try keys.names == ["k.jwe", "p.jwk"])
    }

    @Test(
        "sealed and opened files go to the directory's owner", .enabled(if: Tester.isRoot, "only root gives files away")
    )
    func owner() throws {
        try keys.writeKey("k.jwk", kid: "k")
        try keys.setOwner(4_711, group: 4_712, keys.path)
        let owner = { (name: String) in
            try FileManager.default.attributesOfItem(atPath: keys.file(name))[.ownerAccountID] as? Int
        }
        _ = try sealing.seal()
        #expect(try owner("k.jwe") == 4_711)
        _ = try sealing.reseal()
        #expect(try owner("k.jwe") == 4_711)
        #expect(keys.refusal(user: 4_711, keks: [kek]) == nil)
        _ = try sealing.unseal()
        #expect(try owner("k.jwk") == 4_711)
    }
}
