import Foundation
import OpenSSL
import Testing

/// Keys as OpenSSL's command line writes them.
@Suite(.enabled(if: OpenSSLTool.isThere, "there is no \(OpenSSLTool.path)"))
struct PEMTests {
    init() throws { try LockedMemory.open() }

    private static let message = Array("header.payload".utf8)

    private func scheme(_ kind: KeyPair.Kind) -> SignatureScheme {
        switch kind {
        case .rsa: .rsaPKCS1(digest: "SHA256")
        case .ec(let curve): .ecdsa(digest: "SHA256", coordinateLength: curve.coordinateLength)
        case .ed25519, .ed448: .edDSA
        }
    }

    /// Whether what one key signs the other verifies.
    private func isSameKey(_ signing: KeyPair, _ verifying: KeyPair) throws -> Bool {
        let signature = try SignatureContext(signing, scheme(signing.kind)).sign(Self.message)
        return try SignatureContext(verifying, scheme(verifying.kind)).verifies(signature, Self.message)
    }

    private func refusal(_ pem: [UInt8], passphrase: String = "") -> PEMError? {
        do {
            _ = try KeyPair.read(pem: pem, passphrase: passphrase)
            return nil
        } catch { return error as? PEMError }
    }

    static let kinds: [(KeyPair.Kind, [String])] = [
        (.rsa(bits: 2_048), ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
        (.ec(.p256), ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
        (.ec(.p384), ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
        (.ec(.p521), ["EC", "-pkeyopt", "ec_paramgen_curve:P-521"]), (.ed25519, ["ED25519"]), (.ed448, ["ED448"]),
    ]

    private static func generate(_ options: [String]) throws -> [UInt8] {
        try OpenSSLTool.run(["genpkey", "-algorithm"] + options)
    }

    @Test("PKCS #8, the traditional form, and the public half of one key are one key", arguments: kinds)
    func forms(_ kind: KeyPair.Kind, _ options: [String]) throws {
        let pem = try Self.generate(options)
        let pair = try KeyPair.read(pem: pem)
        #expect(pair.kind == kind)
        #expect(pair.hasPrivateHalf)
        #expect(pair.publicHalfIsValid())
        #expect(pair.privateHalfIsValid())
        // SEC 1 for EC, PKCS #1 for RSA; Edwards keys have PKCS #8 alone.
        if scheme(kind) != .edDSA {
            let traditional = try OpenSSLTool.run("pkey", "-traditional", input: pem)
            #expect(try isSameKey(pair, KeyPair.read(pem: traditional)))
        }
        let publicPEM = try OpenSSLTool.run("pkey", "-pubout", input: pem)
        let half = try KeyPair.read(pem: publicPEM)
        #expect(half.kind == kind)
        #expect(!half.hasPrivateHalf)
        #expect(try isSameKey(pair, half))
        // White space and other people's text around it are no part of it (RFC 7468 section 2).
        let commented = Array("Bag Attributes\n  friendlyName: é\n\n".utf8) + pem + Array("\n\ntrailing text\n".utf8)
        #expect(try isSameKey(pair, KeyPair.read(pem: commented)))
        let windows = pem.flatMap { $0 == 0x0A ? [0x0D, 0x0A] : [$0] }
        #expect(try isSameKey(pair, KeyPair.read(pem: windows)))
    }

    @Test("a traditional file is what its name says")
    func traditionalNames() throws {
        let rsa = try OpenSSLTool.run("pkey", "-traditional", input: Self.generate(Self.kinds[0].1))
        #expect(String(decoding: rsa, as: UTF8.self).hasPrefix("-----BEGIN RSA PRIVATE KEY-----"))
        let ec = try OpenSSLTool.run("pkey", "-traditional", input: Self.generate(Self.kinds[1].1))
        #expect(String(decoding: ec, as: UTF8.self).hasPrefix("-----BEGIN EC PRIVATE KEY-----"))
        // `openssl ecparam -genkey` writes the curve in front.
        let withCurve = try OpenSSLTool.run("ecparam", "-name", "prime256v1", "-genkey")
        #expect(String(decoding: withCurve, as: UTF8.self).hasPrefix("-----BEGIN EC PARAMETERS-----"))
        #expect(try KeyPair.read(pem: withCurve).kind == .ec(.p256))
        #expect(try KeyPair.read(pem: withCurve).hasPrivateHalf)
    }

    @Test("an encrypted key opens with its passphrase alone", arguments: kinds)
    func encrypted(_ kind: KeyPair.Kind, _ options: [String]) throws {
        let pem = try Self.generate(options)
        let sealed = try OpenSSLTool.run(
            "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:correct horse é", input: pem)
        #expect(String(decoding: sealed, as: UTF8.self).hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
        let pair = try KeyPair.read(pem: sealed, passphrase: "correct horse é")
        #expect(pair.kind == kind)
        #expect(try isSameKey(pair, KeyPair.read(pem: pem)))
        #expect(refusal(sealed) == .needsPassphrase)
        for wrong in [
            "correct horse", "correct horse é ", "Correct horse é", "x", "\u{0}", String(repeating: "p", count: 5_000),
        ] {
            #expect(refusal(sealed, passphrase: wrong) == .wrongPassphrase, "\(wrong.prefix(20))")
        }
        // A passphrase that nobody asks for does no harm.
        #expect(try isSameKey(pair, KeyPair.read(pem: pem, passphrase: "unasked")))
    }

    @Test("an encrypted key beside a public one is not passed over for it")
    func encryptedFirst() throws {
        let pem = try Self.generate(Self.kinds[4].1)
        let sealed = try OpenSSLTool.run("pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:p", input: pem)
        let half = try OpenSSLTool.run("pkey", "-pubout", input: pem)
        #expect(refusal(sealed + half) == .needsPassphrase)
        #expect(refusal(half + sealed) == .needsPassphrase)
        #expect(try KeyPair.read(pem: half + sealed, passphrase: "p").hasPrivateHalf)
    }

    @Test("the old encryption of traditional files opens with its passphrase alone")
    func oldEncryption() throws {
        let pem = try Self.generate(Self.kinds[0].1)
        let sealed = try OpenSSLTool.run(
            "rsa", "-traditional", "-aes128", "-passout", "pass:p", input: pem)
        #expect(String(decoding: sealed, as: UTF8.self).contains("Proc-Type: 4,ENCRYPTED"))
        #expect(try isSameKey(KeyPair.read(pem: sealed, passphrase: "p"), KeyPair.read(pem: pem)))
        #expect(refusal(sealed) == .needsPassphrase)
        #expect(refusal(sealed, passphrase: "q") == .wrongPassphrase)
    }

    @Test(
        "keys of other types and curves are refused as such",
        arguments: [
            ["X25519"], ["X448"], ["EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
            ["EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"],
            ["EC", "-pkeyopt", "ec_paramgen_curve:P-224"], ["EC", "-pkeyopt", "ec_paramgen_curve:prime192v1"],
            ["RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"], ["SM2"],
            ["DH", "-pkeyopt", "group:ffdhe2048"],
        ])
    func unsupported(_ options: [String]) throws {
        let pem = try Self.generate(options)
        #expect(refusal(pem) == .unsupported)
        let half = try OpenSSLTool.run("pkey", "-pubout", input: pem)
        #expect(refusal(half) == .unsupported)
        let sealed = try OpenSSLTool.run("pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:p", input: pem)
        #expect(refusal(sealed, passphrase: "p") == .unsupported)
    }

    @Test("a DSA key is refused as such")
    func dsa() throws {
        let parameters = try OpenSSLTool.run(
            "genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:1024")
        let pem = try OpenSSLTool.run("genpkey", "-paramfile", "/dev/stdin", input: parameters)
        #expect(refusal(pem) == .unsupported)
    }

    @Test("KEY-2 an RSA key of three primes is refused")
    func threePrimes() throws {
        let pem = try OpenSSLTool.run("genrsa", "-primes", "3", "2048")
        #expect(refusal(pem) == .unsupported)
        // Its public half is like any other's.
        #expect(try KeyPair.read(pem: OpenSSLTool.run("pkey", "-pubout", input: pem)).kind == .rsa(bits: 2_048))
    }

    @Test("KEY-3 a curve that is not named but spelled out counts only when it is the named one")
    func explicitCurve() throws {
        let known = try Self.generate([
            "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit",
        ])
        #expect(try KeyPair.read(pem: known).kind == .ec(.p256))
        let other = try Self.generate(
            ["EC", "-pkeyopt", "ec_paramgen_curve:secp256k1", "-pkeyopt", "ec_param_enc:explicit"])
        #expect(refusal(other) == .unsupported)
    }

    @Test("of several keys in one file the first private one counts")
    func several() throws {
        let (first, second) = try (Self.generate(Self.kinds[4].1), Self.generate(Self.kinds[1].1))
        let half = try OpenSSLTool.run("pkey", "-pubout", input: Self.generate(Self.kinds[5].1))
        #expect(try isSameKey(KeyPair.read(pem: first), KeyPair.read(pem: first + second)))
        #expect(try KeyPair.read(pem: second + first).kind == .ec(.p256))
        #expect(try isSameKey(KeyPair.read(pem: first), KeyPair.read(pem: half + first)))
        #expect(try KeyPair.read(pem: half).kind == .ed448)
    }

    @Test("a certificate holds no key")
    func certificate() throws {
        let pem = try Self.generate(Self.kinds[1].1)
        let file = URL.temporaryDirectory.appending(path: "signet-\(UUID().uuidString).pem")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(pem).write(to: file)
        let certificate = try OpenSSLTool.run("req", "-x509", "-key", file.path, "-subj", "/CN=test", "-days", "1")
        #expect(String(decoding: certificate, as: UTF8.self).hasPrefix("-----BEGIN CERTIFICATE-----"))
        #expect(refusal(certificate) == .noKey)
        // With its key, as many programs keep it, it is that key's file.
        #expect(try isSameKey(KeyPair.read(pem: pem), KeyPair.read(pem: certificate + pem)))
    }

    @Test("what is broken holds no key: cut short, changed, another name, another form")
    func broken() throws {
        let pem = try Self.generate(Self.kinds[1].1)
        let text = String(decoding: pem, as: UTF8.self)
        let body = text.split(separator: "\n").dropFirst().dropLast().joined(separator: "\n")
        for (number, bad) in [
            "", "\n", "garbage", "{\"kty\":\"EC\"}", "-----BEGIN PRIVATE KEY-----", String(text.prefix(100)), body,
            "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\n\(body)\n-----END PUBLIC KEY-----\n",
            "-----BEGIN PUBLIC KEY-----\n\(body)\n-----END PUBLIC KEY-----\n",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
            text.replacingOccurrences(of: "MI", with: "!!"), text.replacingOccurrences(of: "MI", with: "NI"),
            "\u{0}" + String(repeating: "-", count: 70_000),
        ].enumerated() {
            #expect(refusal(Array(bad.utf8)) == .noKey, "\(number)")
        }
        let der = try OpenSSLTool.run("pkey", "-outform", "DER", input: pem)
        #expect(refusal(der) == .noKey)
    }
}
