import CLibCrypto
import OpenSSL
import Testing

/// What one call leaves on a thread's error queue, the next caller would be told as its own failure.
@Suite struct ErrorQueueTests {
    init() throws {
        try LockedMemory.open()
        ERR_clear_error()
    }

    @Test("a failure leaves nothing on the error queue")
    func empty() throws {
        let numbers = try KeyPair.generate(.rsa(bits: 2_048)).rsaNumbers()
        let faulty = try KeyPair.rsa(
            numbers.prefix(3).map { name, bytes in (name, name == .privateExponent ? bytes.reversed() : bytes) })
        let half = try KeyPair.rsa(Array(numbers.prefix(2)))
        let ec = try KeyPair.generate(.ec(.p256))
        let edwards = try KeyPair.generate(.ed25519)
        let attempts: [(String, () throws -> Void)] = [
            ("fault", { _ = try SignatureContext(faulty, .rsaPKCS1(digest: "SHA256")).sign([1]) }),
            ("no private half", { _ = try SignatureContext(half, .rsaPSS(digest: "SHA256")).sign([1]) }),
            ("no hash", { _ = try SignatureContext(half, .rsaPSS(digest: "SHA257")) }),
            ("wrong scheme", { _ = try SignatureContext(ec, .rsaPSS(digest: "SHA256")) }),
            ("no PEM", { _ = try KeyPair.read(pem: [1, 2, 3]) }),
            ("no key", { _ = try KeyPair.raw(.ed448, publicKey: [1]) }),
            ("no point", { _ = try KeyPair.ec(.p521, point: [4, 1]) }),
            ("no number", { _ = try edwards.publicNumber(.modulus) }),
            ("no raw key", { _ = try half.rawPrivateKey() }),
        ]
        for (name, attempt) in attempts {
            #expect(throws: (any Error).self, "\(name)") { try attempt() }
            #expect(ERR_peek_error() == 0, "\(name)")
        }
    }

    @Test("a signature that does not verify, and a question that is denied, leave nothing on the error queue")
    func denied() throws {
        for (kind, scheme) in KeyPairTests.kinds {
            let pair = try KeyPair.generate(kind)
            let context = try SignatureContext(pair, scheme)
            #expect(try !context.verifies([UInt8](repeating: 0xFF, count: 64), [1]))
            #expect(try !context.verifies([], [1]))
            #expect(try context.verifies(context.sign([1]), [1]))
            #expect(!pair.has(.prime1) || kind == .rsa(bits: 2_048))
            #expect(pair.publicHalfIsValid() && pair.privateHalfIsValid())
            #expect(ERR_peek_error() == 0, "\(kind)")
        }
    }
}
