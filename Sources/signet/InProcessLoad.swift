internal import JOSE
internal import POSIX

/// The same cryptography without a daemon: one thread of this process signs or verifies with OpenSSL and a key of its own.
///
/// What is signed has the length of the daemon's token less its signature; nothing of it is made anew, no claim is read
/// and nobody is asked for permission. RSA signatures are verified after they were made, as the daemon does (rule SIG-4).
struct InProcessLoad {
    private let context: JWSContext
    private let operation: BenchOperation
    private let signingInput: [UInt8]
    private let signature: [UInt8]

    /// Makes the key.
    init(_ sample: BenchSubject.Sample, _ operation: BenchOperation) throws(Failure) {
        self.operation = operation
        // Octets of no meaning, of the base64url alphabet: the time depends on their number alone.
        signingInput = [UInt8](repeating: UInt8(ascii: "A"), count: sample.signingInputLength)
        do {
            let key = try KeyMaterial.generate(sample.algorithm, signatureLength: sample.signatureLength)
            context = try key.makeContext()
            var token = signingInput
            try context.appendSignature(to: &token, from: 0)
            guard let signature = Base64URL.decode(token.span.extracting((signingInput.count + 1)...)) else {
                throw Failure("the signature is not base64url")
            }
            self.signature = signature
        } catch { throw Failure("cannot measure \(sample.algorithm.name) in this process: \(error)") }
    }

    /// How long one look at the clock serves at least, in nanoseconds.
    private static let shortestBatch: UInt64 = 1_000_000

    /// Signatures, or verifications, a second.
    ///
    /// - Parameter duration: How long to measure, in nanoseconds.
    func run(for duration: UInt64) throws(Failure) -> Double {
        var token = signingInput
        token.reserveCapacity(signingInput.count + 1 + Base64URL.encodedCount(signature.count))
        let begin = SystemClock.monotonicNanoseconds()
        var (count, batch, now) = (0, 1, begin)
        while now - begin < duration, !Interruption.hasCome {
            for _ in 0..<batch { try once(&token) }
            count += batch
            let end = SystemClock.monotonicNanoseconds()
            if end - now < Self.shortestBatch { batch *= 2 }
            now = end
        }
        return now > begin ? Double(count) / (Double(now - begin) / 1e9) : 0
    }

    private func once(_ token: inout [UInt8]) throws(Failure) {
        do {
            if operation == .sign {
                try context.appendSignature(to: &token, from: 0)
                token.removeLast(token.count - signingInput.count)
            } else {
                guard try context.verify(signature.span, of: signingInput.span) else {
                    throw Failure("a signature does not hold")
                }
            }
        } catch { throw Failure("cannot \(operation.rawValue) in this process: \(error)") }
    }
}
