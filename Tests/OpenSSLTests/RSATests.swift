import Foundation
import OpenSSL
import Testing

/// RSA signatures, and the faults that must not leave the daemon.
@Suite struct RSATests {
    init() throws { try LockedMemory.open() }

    /// One key for all tests: to make one takes a while.
    private static let shared = Result {
        try LockedMemory.open()
        return try KeyPair.generate(.rsa(bits: 2_048))
    }
    private let message = Array("header.payload".utf8)

    static let schemes: [SignatureScheme] = [
        .rsaPKCS1(digest: "SHA256"), .rsaPKCS1(digest: "SHA384"), .rsaPKCS1(digest: "SHA512"),
        .rsaPSS(digest: "SHA256"), .rsaPSS(digest: "SHA384"), .rsaPSS(digest: "SHA512"),
    ]

    @Test("RSA signatures verify under their own scheme, hash and key alone", arguments: schemes)
    func ownScheme(_ scheme: SignatureScheme) throws {
        let pair = try Self.shared.get()
        #expect(pair.kind == .rsa(bits: 2_048))
        let signature = try SignatureContext(pair, scheme).sign(message)
        #expect(signature.count == 256)
        for other in Self.schemes {
            #expect(try SignatureContext(pair, other).verifies(signature, message) == (other == scheme))
        }
        let stranger = try KeyPair.generate(.rsa(bits: 2_048))
        #expect(try !SignatureContext(stranger, scheme).verifies(signature, message))
    }

    @Test(
        "an RSA signature that begins with a zero is refused without it, and accepted with it",
        arguments: [SignatureScheme.rsaPKCS1(digest: "SHA256"), .rsaPSS(digest: "SHA256")])
    func leadingZero(_ scheme: SignatureScheme) throws {
        let context = try SignatureContext(Self.shared.get(), scheme)
        // One signature in 256 begins so.
        for counter in 0..<20_000 {
            let message = Array("message \(counter)".utf8)
            let good = try context.sign(message)
            guard good.first == 0 else { continue }
            #expect(try context.verifies(good, message))
            #expect(try !context.verifies(Array(good.dropFirst()), message))
            return
        }
        Issue.record("no signature begins with a zero")
    }

    @Test("RSA signatures have the modulus' length: zeros in front or behind are refused", arguments: schemes)
    func length(_ scheme: SignatureScheme) throws {
        let context = try SignatureContext(Self.shared.get(), scheme)
        let good = try context.sign(message)
        for bad in [[0] + good, good + [0], Array(good.dropLast()), Array(good.dropFirst()), [], good + good] {
            #expect(try !context.verifies(bad, message))
        }
        for position in stride(from: 0, to: 256, by: 15) {
            var bad = good
            bad[position] ^= 1
            #expect(try !context.verifies(bad, message))
        }
        #expect(try !context.verifies([UInt8](repeating: 0, count: 256), message))
        #expect(try !context.verifies([UInt8](repeating: 0, count: 255) + [1], message))
        #expect(try context.verifies(good, message))
    }

    @Test("SIG-2 PSS is salted, PKCS #1 v1.5 is not")
    func salt() throws {
        let pair = try Self.shared.get()
        for scheme in Self.schemes {
            let context = try SignatureContext(pair, scheme)
            let signatures = try Set((0..<5).map { _ in try context.sign(message) })
            if case .rsaPSS = scheme { #expect(signatures.count == 5) } else { #expect(signatures.count == 1) }
        }
    }

    @Test(
        "SIG-2 a salt of another length than the hash's is refused, and MGF1 with another hash",
        .enabled(if: OpenSSLTool.isThere, "there is no \(OpenSSLTool.path)"),
        arguments: [("SHA256", 32), ("SHA384", 48), ("SHA512", 64)])
    func saltLength(_ digest: String, _ length: Int) throws {
        let file = URL.temporaryDirectory.appending(path: "signet-\(UUID().uuidString).pem")
        defer { try? FileManager.default.removeItem(at: file) }
        let pem = try OpenSSLTool.run("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        try Data(pem).write(to: file)
        let context = try SignatureContext(KeyPair.read(pem: pem), .rsaPSS(digest: digest))
        func sign(saltLength: Int, mgf1: String) throws -> [UInt8] {
            try OpenSSLTool.run(
                "dgst", "-\(digest.lowercased())", "-sign", file.path, "-sigopt", "rsa_padding_mode:pss", "-sigopt",
                "rsa_pss_saltlen:\(saltLength)", "-sigopt", "rsa_mgf1_md:\(mgf1)", input: message)
        }
        #expect(try context.verifies(sign(saltLength: length, mgf1: digest), message))
        for other in [0, 8, 20, length - 1, length + 1, 254 - length] {
            #expect(try !context.verifies(sign(saltLength: other, mgf1: digest), message), "salt of \(other) bytes")
        }
        for other in ["SHA1", "SHA256", "SHA384", "SHA512"] where other != digest {
            #expect(try !context.verifies(sign(saltLength: length, mgf1: other), message), "MGF1 with \(other)")
        }
    }

    // Faults.

    @Test("SIG-4 a signature that does not verify does not leave: neither of PKCS #1 v1.5 nor of PSS")
    func fault() throws {
        // Without its primes, OpenSSL signs with `d` and has nothing to notice the fault by.
        let numbers = try Self.shared.get().rsaNumbers().prefix(3)
        let whole = try KeyPair.rsa(Array(numbers))
        let faulty = try KeyPair.rsa(
            numbers.map { name, bytes in
                guard name == .privateExponent else { return (name, bytes) }
                return (name, bytes.dropLast() + [(bytes.last ?? 0) ^ 2])
            })
        for scheme in Self.schemes {
            let context = try SignatureContext(faulty, scheme)
            var output: [UInt8] = [7]
            let error = #expect(throws: OpenSSLError.self) { try context.sign(message.span, to: &output) }
            #expect(error?.description == "EVP_PKEY_sign failed: the signature does not verify")
            #expect(output == [7])
            let good = try SignatureContext(whole, scheme)
            #expect(try context.verifies(good.sign(message), message))
        }
    }

    @Test("SIG-4 a fault in any number of the CRT gives a right signature or none")
    func crtFault() throws {
        let numbers = try Self.shared.get().rsaNumbers()
        let verifier = try SignatureContext(Self.shared.get(), .rsaPKCS1(digest: "SHA256"))
        for broken in [KeyParameters.Name.prime1, .prime2, .exponent1, .exponent2, .coefficient] {
            let pair = try KeyPair.rsa(
                numbers.map { name, bytes in
                    (name, name == broken ? bytes.dropLast() + [(bytes.last ?? 0) ^ 2] : bytes)
                })
            #expect(!pair.privateHalfIsValid(), "\(broken)")
            guard let signature = try? SignatureContext(pair, .rsaPKCS1(digest: "SHA256")).sign(message) else {
                continue
            }
            #expect(try verifier.verifies(signature, message))
        }
        #expect(try Self.shared.get().privateHalfIsValid())
        #expect(try KeyPair.rsa(numbers).privateHalfIsValid())
        #expect(try KeyPair.rsa(Array(numbers.prefix(3))).privateHalfIsValid())
    }

    @Test("a public half verifies and cannot sign")
    func publicHalf() throws {
        let pair = try Self.shared.get()
        let half = try KeyPair.rsa(Array(pair.rsaNumbers().prefix(2)))
        #expect(!half.hasPrivateHalf)
        for scheme in Self.schemes {
            let context = try SignatureContext(half, scheme)
            let error = #expect(throws: OpenSSLError.self) { try context.sign(message) }
            #expect(error?.reason == "the key has no private half")
            #expect(try context.verifies(SignatureContext(pair, scheme).sign(message), message))
        }
    }
}
