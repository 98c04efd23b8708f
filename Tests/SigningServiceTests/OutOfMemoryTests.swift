import Foundation
import JOSE
import Keys
import OpenSSL
import SigningService
import StrictJSON
import Testing

/// Each allocation that OpenSSL makes for a request, refused, one after another: with every algorithm, each in a process
/// of its own.
@Suite(
    "Without memory for OpenSSL", .enabled(if: Arena.isOpen && SecretMemory.isLocked, "a sanitizer has the heap"),
    .enabled(if: ProcessInfo.processInfo.environment["SIGNET_FAULTS"] != nil, "make test-faults runs it"))
struct OutOfMemoryTests {
    @Test(
        "a request that lacks memory ends in an error, never in a wrong token or verdict, and the next is served",
        arguments: Algorithm.allCases)
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
        arguments: Algorithm.allCases)
    func loading(_ algorithm: Algorithm) async {
        await #expect(processExitsWith: .success) { [name = algorithm.rawValue as String] in
            try AllocationFaults.begin()
            try Trial(try #require(Algorithm(rawValue: name))).sweepLoading()
        }
    }
}

/// One algorithm's keys and requests.
private struct Trial {
    let algorithm: Algorithm
    /// The key as its file would have it.
    private let jwk: SecretFile

    /// A secret that can be shared within the trial.
    private final class SecretFile {
        let bytes: SecretBytes
        init(_ bytes: consuming SecretBytes) { self.bytes = bytes }
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
        if let kind = TestKeys.kind(algorithm) {
            let pair = try KeyPair.generate(kind)
            jwk = SecretFile(try PrivateJWK.write(pair, algorithm, kid: "k1", issuedAt: nil))
        } else {
            guard case .hmac(_, let length) = algorithm.mechanism else { throw KeyMaterial.Misfit.wrongType }
            var octets = try SecretBytes(count: length)
            try fillRandom(&octets)
            jwk = SecretFile(try PrivateJWK.write(octets: octets, algorithm, kid: "k1", issuedAt: nil))
        }
    }

    /// A worker that has not used its key, which nobody has used.
    private func makeWorker() throws -> Worker {
        let material = try JWK(jwk.bytes).material(for: algorithm)
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
    func sweep(_ request: Request, isFirst: Bool) throws {
        var number = 1
        var goesOn = true
        while goesOn {
            let before = AllocationFaults.live
            goesOn = try attempt(request, isFirst: isFirst, refusing: number)
            // What OpenSSL keeps for good, it keeps once; what leaks, leaks each time.
            if AllocationFaults.live > before {
                let (places, growth) = try AllocationFaults.traced {
                    _ = try attempt(request, isFirst: isFirst, refusing: number)
                }
                #expect(growth <= 0, "\(request.name), first \(isFirst), allocation \(number): \(places)")
            }
            number += 1
        }
        // The first use of a key makes a context.
        #expect(number > 2 || !isFirst, "\(request.name): nothing was refused")
    }

    /// Refuses each allocation of the reading of the key's file.
    func sweepLoading() throws {
        var number = 1
        var goesOn = true
        while goesOn {
            let (fault, wasRefused) = AllocationFaults.refusing(number) { self.fault() }
            #expect(fault == (wasRefused ? "outOfSecretMemory" : nil), "allocation \(number)")
            #expect(self.fault() == nil, "after allocation \(number)")
            number += 1
            goesOn = wasRefused
        }
        #expect(number > 2)
    }

    /// What is wrong with the key.
    private func fault() -> String? {
        do { _ = try JWK(jwk.bytes).material(for: algorithm) } catch { return "\(error)" }
        return nil
    }

    /// Whether there was such an allocation.
    private func attempt(_ request: Request, isFirst: Bool, refusing number: Int) throws -> Bool {
        let worker = try makeWorker()
        if !isFirst { #expect(try worker.answer(request.before).outcome == "ok") }
        let (answer, wasRefused) = try AllocationFaults.refusing(number) { try worker.answer(request.line) }
        let outcome = try answer.outcome
        let what = "\(request.name), first \(isFirst), allocation \(number): \(answer.line.text)"
        #expect(outcome == request.outcome || (wasRefused && outcome == "internal"), "\(what)")
        if request.name == "sign", outcome == "ok" {
            #expect(try worker.verify(answer.string("token")).outcome == "ok", "\(what)")
        }
        #expect(try worker.answer(request.line).outcome == request.outcome, "after \(what)")
        return wasRefused
    }
}
