internal import JOSE
internal import SignetClient
internal import StrictJSON
internal import WireProtocol

/// What `signet bench` asks for, again and again.
enum BenchOperation: String, CaseIterable { case sign, verify, ping }

/// What one row of `signet bench` measures.
struct BenchSubject: Sendable {
    let operation: BenchOperation
    /// nil for `ping`, which concerns none.
    let sample: Sample?
    /// The request, with its LF.
    let line: [UInt8]

    /// A profile's token, as it was signed before the measuring began.
    struct Sample: Sendable {
        let profile: String
        let keyID: String
        /// As the token's header names it.
        let algorithm: Algorithm
        let token: String
        /// Header, full stop and payload; and the signature, decoded. In bytes.
        let signingInputLength: Int
        let signatureLength: Int

        init(_ signed: SignedToken, profile: String) throws(Failure) {
            let segments = Array(signed.token.utf8).split(
                separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            guard segments.count == 3,
                let header = Base64URL.decode(Array(segments[0]).span).flatMap({ try? JSON(parsingUTF8: $0) }),
                let name = header["alg"]?.string, let algorithm = Algorithm(name: ByteString(name)),
                let signatureLength = Base64URL.decodedCount(segments[2].count)
            else { throw Failure("the daemon's token for profile \(Output.printable(profile)) has no known algorithm") }
            self.profile = profile
            keyID = signed.keyID
            token = signed.token
            self.algorithm = algorithm
            signingInputLength = segments[0].count + 1 + segments[1].count
            self.signatureLength = signatureLength
        }
    }

    static let ping = BenchSubject(operation: .ping, sample: nil, request: .ping)

    /// - Parameters:
    ///   - claims: An object.
    ///   - ttl: Seconds; nil: the profile's.
    init(signing claims: JSON, ttl: Int64?, _ sample: Sample) throws(Failure) {
        guard let compact = try? CompactJSON(parsing: claims.utf8.span) else { throw Failure("claims are not JSON") }
        self.init(
            operation: .sign, sample: sample,
            request: .sign(profile: sample.profile, claims: compact, ttl: ttl))
    }

    init(verifying sample: Sample) {
        self.init(
            operation: .verify, sample: sample,
            request: .verify(token: sample.token, profile: sample.profile, audience: nil))
    }

    private init(operation: BenchOperation, sample: Sample?, request: RequestLine) {
        self.operation = operation
        self.sample = sample
        var line: [UInt8] = []
        request.append(to: &line, id: nil)
        self.line = line
    }

    /// How an answer that is a success begins.
    var successPrefix: [UInt8] {
        Array((operation == .verify ? "{\"ok\":true,\"valid\":true," : "{\"ok\":true,").utf8)
    }

    /// Whether the daemon, unless its `verify_cache` is off, looks up what it found the first time: the token is always the
    /// same, and a key pair has signed it.
    var isOfTokenSeenBefore: Bool {
        guard operation == .verify, let sample, case .keyPair = sample.algorithm.mechanism else { return false }
        return true
    }

    /// For a person: profile, algorithm and operation.
    var name: String {
        guard let sample else { return operation.rawValue }
        return "\(Output.printable(sample.profile)) \(sample.algorithm.name) \(operation.rawValue)"
    }
}
