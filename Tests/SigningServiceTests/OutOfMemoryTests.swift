import JOSE
import Keys
import OpenSSL
import SigningService
import StrictJSON
import Testing

/// Each allocation that OpenSSL makes for a request, refused, one after another: with every algorithm, each in a process
/// of its own. One process of a test at a time: they compute all the while.
@Suite(
    "Without memory for OpenSSL",
    .enabled(if: Arena.isOpen && SecretMemory.isLocked, "a sanitizer has the heap"))
struct OutOfMemoryTests {
    @Test(
        "a request that lacks memory ends in an error, never in a wrong token or verdict, and the next is served",
        .serialized, arguments: Algorithm.allCases)
    func requests(_ algorithm: Algorithm) async {
        await #expect(processExitsWith: .success) { [name = algorithm.rawValue as String] in
            try AllocationFaults.begin()
            let trial = try Trial(try #require(Algorithm(rawValue: name)))
            for request in try trial.requests() {
                for isFirst in [true, false] { try trial.sweep(request, isFirst: isFirst) }
            }
        }
    }

    @Test(
        "KEY-4 a key that is read without memory is refused for that, be it whole or broken, and is read later",
        .serialized, arguments: Algorithm.allCases)
    func loading(_ algorithm: Algorithm) async {
        await #expect(processExitsWith: .success) { [name = algorithm.rawValue as String] in
            try AllocationFaults.begin()
            try Trial(try #require(Algorithm(rawValue: name))).sweepLoading()
        }
    }

    @Test(
        "a key that is written without memory is an error, or as it is", .serialized,
        arguments: [Algorithm.hs512, .rs256, .es256, .ed25519, .ed448])
    func writing(_ algorithm: Algorithm) async {
        await #expect(processExitsWith: .success) { [name = algorithm.rawValue as String] in
            try AllocationFaults.begin()
            try Trial(try #require(Algorithm(rawValue: name))).sweepWriting()
        }
    }

    @Test("an RSA signature that lacks memory to renew its key's blinding leaves the next ones right, on every loop")
    func blinding() async {
        await #expect(processExitsWith: .success) {
            try AllocationFaults.begin()
            // Short, for speed: each attempt signs 36 times.
            let pair = try KeyPair.generate(.rsa(bits: 1_024))
            let scheme = SignatureScheme.rsaPKCS1(digest: "SHA256")
            let message = Array("header.payload".utf8)
            func sign(_ context: SignatureContext) throws {
                var signature: [UInt8] = []
                try context.sign(message.span, to: &signature)
                #expect(try context.verify(signature.span, of: message.span))
            }
            // OpenSSL renews it at the 32nd use after the first (BN_BLINDING_COUNTER).
            let context = try SignatureContext(pair.copy(), scheme)
            let counts = try (1...33).map { _ in try AllocationFaults.allocations { try sign(context) } }
            #expect(counts[32] > counts[31] && counts[31] == counts[30])
            let refused = try AllocationFaults.sweep("blinding") { number in
                let key = try pair.copy()
                let (loop, other) = (try SignatureContext(key, scheme), try SignatureContext(key, scheme))
                for _ in 1...32 { try sign(loop) }
                let (outcome, wasRefused) = AllocationFaults.refusing(number) { Result { try sign(loop) } }
                if !wasRefused { try outcome.get() }
                for context in [loop, other, loop] {
                    #expect(throws: Never.self, "after allocation \(number)") { try sign(context) }
                }
                return wasRefused
            }
            #expect(refused > counts[31])
        }
    }
}

/// One algorithm's key and requests.
private struct Trial {
    let algorithm: Algorithm
    private let file: KeyFile
    /// The key, read once.
    private let material: KeyMaterial
    /// The pair of an RSA key, which keeps what its first use computes: each worker has a copy that was never used.
    private let unused: KeyPair?

    /// A private JWK, which can be shared within the trial.
    private final class KeyFile {
        let bytes: SecretBytes

        init(_ bytes: consuming SecretBytes) { self.bytes = bytes }

        /// The same with another `d`, which does not belong to the public half.
        func withAnotherPrivateHalf() throws -> KeyFile {
            let count = bytes.count
            var copy = try SecretBytes(count: count)
            let name = Array(#""d":""#.utf8)
            try bytes.withSpan { bytes in
                let start = try #require(
                    (0..<count - name.count).first { start in
                        name.indices.allSatisfy { bytes[start + $0] == name[$0] }
                    })
                copy.withMutableSpan { copy in
                    for index in 0..<count { copy[index] = bytes[index] }
                    // In the midst of the number, so that it stays in its range.
                    let digit = start + name.count + 10
                    copy[digit] = bytes[digit] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
                }
            }
            return KeyFile(copy)
        }

        func material(_ algorithm: Algorithm) throws -> KeyMaterial { try JWK(bytes).material(for: algorithm) }

        /// What is wrong with it.
        func fault(_ algorithm: Algorithm) -> String? {
            do { _ = try material(algorithm) } catch { return "\(error)" }
            return nil
        }
    }

    struct Request {
        let name: String
        let line: String
        /// The outcome with memory.
        let outcome: String
        /// Asked before it where it is not the worker's first.
        let before: String
    }

    init(_ algorithm: Algorithm) throws {
        self.algorithm = algorithm
        let kind = TestKeys.kind(algorithm)
        if let kind {
            file = KeyFile(try PrivateJWK.write(try KeyPair.generate(kind), algorithm, kid: "k1", issuedAt: nil))
        } else {
            guard case .hmac(_, let length) = algorithm.mechanism else { throw KeyMaterial.Misfit.wrongType }
            var octets = try SecretBytes(count: length)
            try fillRandom(&octets)
            file = KeyFile(try PrivateJWK.write(octets: octets, algorithm, kid: "k1", issuedAt: nil))
        }
        material = try file.material(algorithm)
        if case .keyPair(let pair, _) = material.form, case .rsa = kind { unused = pair } else { unused = nil }
        // What OpenSSL looks up when it first has to do with such a key, it keeps for good.
        _ = try makeWorker().token()
    }

    /// A worker that has not used its key.
    private func makeWorker() throws -> Worker {
        let material = try unused.map { try KeyMaterial($0.copy(), algorithm) } ?? material
        return try worker(keys: [key("k1", material)])
    }

    func requests() throws -> [Request] {
        let worker = try makeWorker()
        let (token, other) = (try worker.token(), try worker.token(#"{"a":1}"#))
        let dot = try #require(token.lastIndex(of: "."))
        let otherDot = try #require(other.lastIndex(of: "."))
        let wrong = token[..<dot] + other[otherDot...]
        let sign = #"{"op":"sign","claims":{"sub":"u"}}"#
        func verify(_ token: some StringProtocol) -> String { #"{"op":"verify","token":"\#(token)"}"# }
        return [
            Request(name: "sign", line: sign, outcome: "ok", before: sign),
            Request(name: "verify", line: verify(token), outcome: "ok", before: verify(other)),
            Request(name: "verify a wrong one", line: verify(wrong), outcome: "bad_signature", before: verify(other)),
        ]
    }

    /// Refuses the first allocation of the request, the second, and so on until there is none to refuse.
    ///
    /// - Parameter isFirst: Whether it is the worker's first, each time.
    func sweep(_ request: Request, isFirst: Bool) throws {
        func used() throws -> Worker {
            let worker = try makeWorker()
            #expect(try worker.answer(request.before).outcome == "ok")
            return worker
        }
        // One worker has all of them, but for RSA: what signs with a key of RSA changes the key.
        let shared = try isFirst || unused != nil ? nil : used()
        let count = try AllocationFaults.sweep("\(request.name), first \(isFirst)") { number in
            try attempt(request, of: try shared ?? (isFirst ? makeWorker() : used()), refusing: number)
        }
        // The first use of a key makes a context.
        #expect(count > 1 || !isFirst, "\(request.name): nothing was refused")
    }

    /// Whether there was such an allocation.
    private func attempt(_ request: Request, of worker: Worker, refusing number: Int) throws -> Bool {
        let (answer, wasRefused) = try AllocationFaults.refusing(number) { try worker.answer(request.line) }
        let outcome = try answer.outcome
        func what() -> String { "\(request.name), allocation \(number): \(answer.line.text)" }
        #expect(outcome == request.outcome || (wasRefused && outcome == "internal"), "\(what())")
        #expect(AllocationFaults.errorQueueIsEmpty, "\(what())")
        if request.name == "sign", outcome == "ok" {
            #expect(try worker.verify(answer.string("token")).outcome == "ok", "\(what())")
        }
        #expect(try worker.answer(request.line).outcome == request.outcome, "after \(what())")
        return wasRefused
    }

    /// Refuses each allocation of the writing of the key as a JWK.
    func sweepWriting() throws {
        let whole = try written()
        let count = try AllocationFaults.sweep("writing") { number in
            let (outcome, wasRefused) = AllocationFaults.refusing(number) { Result { try written() } }
            if !wasRefused { _ = try outcome.get() }
            #expect((try? outcome.get()) ?? whole == whole, "allocation \(number)")
            #expect(AllocationFaults.errorQueueIsEmpty, "allocation \(number): \(outcome.map { _ in 0 })")
            return wasRefused
        }
        #expect(count > 0 || TestKeys.kind(algorithm) == nil)
    }

    private func written() throws -> [UInt8] {
        let jwk =
            switch material.form {
            case .keyPair(let pair, _): try PrivateJWK.write(pair, algorithm, kid: "k", issuedAt: nil)
            case .hmac:
                try PrivateJWK.write(octets: SecretBytes(count: 64), algorithm, kid: "k", issuedAt: nil)
            }
        return jwk.withSpan { bytes in bytes.indices.map { bytes[$0] } }
    }

    /// Refuses each allocation of the reading of the key's file, and of one whose halves do not belong together.
    func sweepLoading() throws {
        let count = try AllocationFaults.sweep("whole") { number in
            let (fault, wasRefused) = AllocationFaults.refusing(number) { file.fault(algorithm) }
            #expect(fault == (wasRefused ? "outOfSecretMemory" : nil), "allocation \(number)")
            #expect(AllocationFaults.errorQueueIsEmpty, "allocation \(number)")
            #expect(file.fault(algorithm) == nil, "after allocation \(number)")
            return wasRefused
        }
        #expect(count > 1)
        guard TestKeys.kind(algorithm) != nil else { return }  // octets have no halves
        let broken = try file.withAnotherPrivateHalf()
        try AllocationFaults.sweep("broken") { number in
            let (fault, wasRefused) = AllocationFaults.refusing(number) { broken.fault(algorithm) }
            #expect(fault == (wasRefused ? "outOfSecretMemory" : "halvesDiffer"), "broken, allocation \(number)")
            #expect(AllocationFaults.errorQueueIsEmpty, "broken, allocation \(number)")
            return wasRefused
        }
    }
}
