import OpenSSL
import Synchronization
import Testing

@Suite struct KeyPairTests {
    init() throws { try LockedMemory.open() }

    static let kinds: [(KeyPair.Kind, SignatureScheme)] = [
        (.rsa(bits: 2_048), .rsaPSS(digest: "SHA256")), (.ec(.p256), .ecdsa(digest: "SHA256", coordinateLength: 32)),
        (.ec(.p384), .ecdsa(digest: "SHA384", coordinateLength: 48)),
        (.ec(.p521), .ecdsa(digest: "SHA512", coordinateLength: 66)), (.ed25519, .edDSA), (.ed448, .edDSA),
    ]

    private let message = Array("header.payload".utf8)

    @Test("a new key pair is of the kind that was asked for, valid, and signs", arguments: kinds)
    func generate(_ kind: KeyPair.Kind, _ scheme: SignatureScheme) throws {
        let pair = try KeyPair.generate(kind)
        #expect(pair.kind == kind)
        #expect(pair.hasPrivateHalf)
        #expect(pair.publicHalfIsValid())
        #expect(pair.privateHalfIsValid())
        let context = try SignatureContext(pair, scheme)
        let signature = try context.sign(message)
        #expect(try context.verifies(signature, message))
        #expect(try !context.verifies(signature, message + [0]))
        let other = try SignatureContext(KeyPair.generate(kind), scheme)
        #expect(try !other.verifies(signature, message))
    }

    @Test("a public half verifies, and cannot sign", arguments: [KeyPair.Kind.ec(.p256), .ed25519, .ed448])
    func publicHalf(_ kind: KeyPair.Kind) throws {
        let pair = try KeyPair.generate(kind)
        let half: KeyPair
        let scheme: SignatureScheme
        if case .ec(let curve) = kind {
            scheme = .ecdsa(digest: "SHA256", coordinateLength: 32)
            half = try .ec(curve, point: [4] + pair.publicNumber(.x, length: 32) + pair.publicNumber(.y, length: 32))
        } else {
            scheme = .edDSA
            half = try .raw(kind == .ed448 ? .ed448 : .ed25519, publicKey: pair.rawPublicKey())
        }
        #expect(half.kind == kind)
        #expect(!half.hasPrivateHalf)
        #expect(half.publicHalfIsValid())
        let context = try SignatureContext(half, scheme)
        let error = #expect(throws: OpenSSLError.self) { try context.sign(message) }
        #expect(error?.reason == "the key has no private half")
        #expect(try context.verifies(SignatureContext(pair, scheme).sign(message), message))
    }

    @Test("a context goes on after a signature that does not verify, and after an empty message", arguments: kinds)
    func reuse(_ kind: KeyPair.Kind, _ scheme: SignatureScheme) throws {
        let context = try SignatureContext(KeyPair.generate(kind), scheme)
        for message in [[], [0], message, [UInt8](repeating: 0x61, count: 70_000), []] as [[UInt8]] {
            let signature = try context.sign(message)
            #expect(try !context.verifies(Array(signature.reversed()), message))
            #expect(try !context.verifies([], message))
            #expect(try context.verifies(signature, message))
        }
    }

    @Test("contexts of one pair agree on every thread, and outlive it", arguments: kinds)
    func threads(_ kind: KeyPair.Kind, _ scheme: SignatureScheme) throws {
        let message = message
        let verifier: SignatureContext
        let signatures = Mutex<[[UInt8]]>([])
        do {
            let pair = try KeyPair.generate(kind)
            verifier = try SignatureContext(pair, scheme)
            try onNewThreads(4) {
                guard let context = try? SignatureContext(pair, scheme) else { return }
                for _ in 0..<4 {
                    guard let signature = try? context.sign(message) else { continue }
                    signatures.withLock { $0.append(signature) }
                }
            }
        }
        let all = signatures.withLock { $0 }
        #expect(all.count == 16)
        for signature in all { #expect(try verifier.verifies(signature, message)) }
    }

    @Test("Ed25519 and Ed448 sign the same message the same way; every bit and the length count")
    func edwards() throws {
        for (kind, length) in [(KeyPair.Kind.ed25519, 64), (.ed448, 114)] {
            let context = try SignatureContext(KeyPair.generate(kind), .edDSA)
            let good = try context.sign(message)
            #expect(good.count == length)
            #expect(try context.sign(message) == good)
            for position in good.indices {
                var bad = good
                bad[position] ^= 1 << (position % 8)
                #expect(try !context.verifies(bad, message))
            }
            for bad in [Array(good.dropLast()), good + [0], [0] + good, []] {
                #expect(try !context.verifies(bad, message))
            }
        }
    }

    @Test("a number that OpenSSL does not take for a key is an error, and nothing is left behind")
    func noKey() throws {
        for type in [KeyPair.AlgorithmName.rsa, .ec, .ed25519, .ed448] {
            #expect(throws: OpenSSLError.self) { try KeyParameters().makeKey(type, isPrivate: false) }
            #expect(throws: OpenSSLError.self) { try KeyPair.raw(type, publicKey: [1, 2, 3]) }
            #expect(throws: OpenSSLError.self) { try KeyPair.raw(type, publicKey: [1, 2, 3], isPrivate: true) }
        }
    }

    @Test("KEY-3 a point off the curve, of another curve, or at infinity is no key")
    func offCurve() throws {
        let pair = try KeyPair.generate(.ec(.p256))
        let (x, y) = try (pair.publicNumber(.x, length: 32), pair.publicNumber(.y, length: 32))
        func makes(_ point: [UInt8], _ curve: KeyPair.Curve = .p256) -> Bool {
            (try? KeyPair.ec(curve, point: point))?.publicHalfIsValid() ?? false
        }
        #expect(makes([4] + x + y))
        #expect(!makes([4] + y + x))
        #expect(!makes([4] + x + x))
        #expect(!makes([4] + x + y, .p384))
        #expect(!makes([0]))
        #expect(!makes([]))
        #expect(!makes([4] + [UInt8](repeating: 0, count: 64)))
        #expect(!makes([4] + [UInt8](repeating: 0xFF, count: 64)))
        #expect(!makes([4] + x + y + [0]))
    }

    // In a process of its own, since the arena's mark is the whole process's.
    @Test(
        "the arena stays as it is over 500 keys of each kind, made, used and let go",
        .enabled(if: LockedMemory.isThere, "a sanitizer watches the heap instead"))
    func noLeak() async {
        await #expect(processExitsWith: .success) {
            try SecretMemory.open()
            let rsa = try KeyPair.generate(.rsa(bits: 2_048)).rsaNumbers()
            func round(_ number: Int) throws {
                for (kind, scheme) in KeyPairTests.kinds {
                    var pair = try KeyPair.rsa(rsa)
                    if case .rsa = kind {} else { pair = try KeyPair.generate(kind) }
                    let context = try SignatureContext(pair, scheme)
                    // Now and then only: the slow curves would make a long test of it.
                    guard number % 10 == 0 else { continue }
                    let signature = try context.sign([1, 2, 3])
                    try #require(try context.verifies(signature, [1, 2, 3]))
                    try #require(pair.publicHalfIsValid() && pair.privateHalfIsValid())
                }
                // What fails leaves nothing either.
                _ = try? KeyPair.rsa(Array(rsa.dropFirst()))
                _ = try? KeyPair.read(pem: Array("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".utf8))
            }
            for number in 0..<20 { try round(number) }
            let used = SecretMemory.usage.used
            for number in 0..<500 { try round(number) }
            // 6,000 keys later: lost memory would show many times over what the lists of free blocks may still gather.
            #expect(SecretMemory.usage.used - used < 6_000)
        }
    }
}
