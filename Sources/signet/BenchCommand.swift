internal import ArgumentParser
internal import Keys
internal import POSIX
internal import SignetClient

/// `signet bench`.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure how many requests a second the daemon answers.",
        discussion: """
            Each connection keeps a number of requests in flight and sends the next as soon
            as an answer comes. The load runs beside the daemon and shares the host's cores
            with it. Each profile and operation is measured by itself, one after another, and
            named with the algorithm of its tokens. Tokens are thrown away.

            Latencies are from sending to answer, of the answers that were a success; errors
            are counted by their code. With many requests in flight they are mostly waiting
            for each other: for the time that one takes, use --connections 1 --depth 1.

            verify asks about the same token again and again. Where a key pair has signed it,
            the daemon remembers that its signature is right, and the row shows what a token
            costs that was seen before. For the time that a new token takes, measure a daemon
            with verify_cache = "0". Tokens of HMAC are verified each time.

            --in-process also measures the same algorithm and length without a daemon: one
            thread of this process, with OpenSSL and a key that is thrown away. "ratio" is
            the daemon's rate divided by that.

            Ctrl-C ends it and prints what was measured until then.

            Exit status 0 when every answer was a success, else 2.

            Examples:
              signet bench --profile web --seconds 10
              signet bench --profile web,hooks --operation sign,verify --in-process
              signet bench --operation verify --connections 64 --depth 1 --histogram
              signet bench -o json | jq '.results[].per_second'
            """)

    @OptionGroup var what: BenchSubjectOptions
    @OptionGroup var options: BenchLoadOptions

    @Flag(help: "Compare with signing or verifying in this process.")
    var inProcess = false

    enum Format: String, CaseIterable, ExpressibleByArgument { case text, json }

    @Option(name: [.short, .long], help: "How to print it.")
    var output = Format.text

    @Flag(help: "The same as --output json.")
    var json = false

    @Flag(help: "Print the whole distribution of the latencies, too.")
    var histogram = false

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        if inProcess {
            do { try ProcessHardening.begin() } catch { throw Failure("\(error)") }
        }
        let client = try connection.client()
        let subjects = try await what.subjects(client)
        do throws(Errno) { try Interruption.beginNoting() } catch { throw Failure("cannot await Ctrl-C: \(error)") }
        var report = BenchReport(options: options, withDistribution: histogram)
        var problem: String?
        for subject in subjects where !Interruption.hasCome && problem == nil {
            do throws(Failure) {
                problem = try measure(subject, client.socketPath, &report)
            } catch { problem = error.message }
        }
        report.isInterrupted = Interruption.hasCome
        if report.isInterrupted { Output.complain("interrupted; this was measured until then") }
        if json || output == .json {
            Output.line(StandardStream.output.isTerminal ? prettyPrinted(report.json) : report.json.text)
        } else {
            Output.line(report.text)
        }
        if let problem { throw Failure(problem) }
        if report.hasErrors { throw Failure("not every answer was a success") }
    }

    /// Adds a row to the report; returns what went wrong.
    private func measure(
        _ subject: BenchSubject, _ socketPath: String, _ report: inout BenchReport
    ) throws(Failure) -> String? {
        let result = try options.generator(subject, socketPath, timeout: connection.timeout).run()
        var comparison: Double?
        if inProcess, result.failure == nil, !Interruption.hasCome, let sample = subject.sample {
            comparison = try InProcessLoad(sample, subject.operation).run(for: options.duration)
        }
        report.add(subject, result, inProcessRate: comparison)
        if let failure = result.failure { return failure }
        if result.successes + result.errorCount > 0 || Interruption.hasCome { return nil }
        return "no answer came in time; is signetd overloaded? systemctl status signetd"
    }
}

/// What the load of `signet bench` is: which requests.
struct BenchSubjectOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A profile to sign with, or some, with commas between; may be repeated. (default: default)",
            valueName: "profile,…"))
    var profile: [String] = []

    @Option(
        name: [.customLong("operation"), .customLong("op")],
        help: ArgumentHelp(
            "What to ask for: sign, verify, ping, or some, with commas between; may be repeated. (default: sign)",
            valueName: "operation,…"))
    var operation: [String] = []

    @Option(
        help: ArgumentHelp(
            "What the tokens say, as one JSON object. (default: four claims, some 100 bytes)", valueName: "object"))
    var claims: String?

    @Option(help: ArgumentHelp("Sign one claim, sub, that makes the claims so many bytes.", valueName: "bytes"))
    var claimsSize: Int?

    @Option(help: "How long the tokens are valid: digits and one of s m h d. (default: the profile's)")
    var ttl: TimeSpan?

    /// What a freshly registered user's token may hold.
    private static let usualClaims: JSON = [
        "sub": "user-1001", "email": "ada@example.com", "given_name": "Ada", "roles": ["admin", "user"],
    ]

    /// Bytes of the claims with an empty `sub`.
    private static let emptyClaimsSize = #"{"sub":""}"#.utf8.count

    func validate() throws {
        if claims != nil, claimsSize != nil { throw ValidationError("--claims and --claims-size exclude each other") }
        if let claimsSize, !(Self.emptyClaimsSize...1_048_576 ~= claimsSize) {
            throw ValidationError("--claims-size is a number from \(Self.emptyClaimsSize) to 1048576")
        }
        for name in Self.parts(operation) where BenchOperation(rawValue: name) == nil {
            throw ValidationError("there is no operation '\(Output.printable(name))'; use sign, verify or ping")
        }
    }

    /// The rows of the measurement. Each request is made once the usual way: whatever is wrong, it says so clearly.
    func subjects(_ client: SignetClient) async throws(Failure) -> [BenchSubject] {
        let operations = operation.isEmpty ? [.sign] : Self.parts(operation).compactMap(BenchOperation.init)
        let profiles = profile.isEmpty ? ["default"] : Self.parts(profile)
        let object = try object()
        var subjects: [BenchSubject] = []
        if operations.contains(.ping) {
            _ = try await explainingErrors { () async throws(SignetError) in try await client.ping() }
            subjects.append(.ping)
        }
        for profile in profiles where operations.contains(where: { $0 != .ping }) {
            let signed = try await explainingErrors(.init(operation: "sign", profile: profile)) {
                () async throws(SignetError) in
                try await client.signedToken(object, profile: profile, ttl: ttl.map { .seconds($0.seconds) })
            }
            let sample = try BenchSubject.Sample(signed, profile: profile)
            if operations.contains(.sign) {
                subjects.append(try BenchSubject(signing: object, ttl: ttl?.seconds, sample))
            }
            guard operations.contains(.verify) else { continue }
            _ = try await explainingErrors(.init(operation: "verify", profile: profile)) {
                () async throws(SignetError) in
                try await client.verify(signed.token, profile: profile)
            }
            subjects.append(BenchSubject(verifying: sample))
        }
        return subjects
    }

    private func object() throws(Failure) -> JSON {
        if let claimsSize {
            return ["sub": JSON(String(repeating: "u", count: claimsSize - Self.emptyClaimsSize))]
        }
        guard let claims else { return Self.usualClaims }
        do throws(InvalidJSON) {
            let object = try JSON(parsing: claims)
            if object.members != nil { return object }
        } catch { throw Failure("--claims is not JSON: \(error.message)") }
        throw Failure("--claims wants one JSON object")
    }

    /// What stands between the commas of all values, each once.
    private static func parts(_ values: [String]) -> [String] {
        var parts: [String] = []
        for value in values {
            for part in value.utf8.split(separator: UInt8(ascii: ",")).map({ String(Substring($0)) })
            where !parts.contains(where: { $0.utf8.elementsEqual(part.utf8) }) { parts.append(part) }
        }
        return parts
    }
}

/// How strong the load is, and for how long.
struct BenchLoadOptions: ParsableArguments {
    @Option(help: "Connections to the daemon.")
    var connections = 4

    @Option(help: "Requests in flight on each connection.")
    var depth = 64

    @Option(help: "How many seconds to measure, for each profile and operation.")
    var seconds = 5

    @Option(help: "For how many seconds before that nothing counts.")
    var warmUp = 1

    @Option(help: "Threads that make the load.")
    var threads = 1

    func validate() throws {
        for (name, value, range) in [
            ("connections", connections, 1...10_000), ("depth", depth, 1...65_536), ("seconds", seconds, 1...86_400),
            ("warm-up", warmUp, 0...3_600), ("threads", threads, 1...256),
        ] where !range.contains(value) {
            throw ValidationError("--\(name) is a number from \(range.lowerBound) to \(range.upperBound)")
        }
    }

    /// How long is measured, in nanoseconds.
    var duration: UInt64 { UInt64(seconds) * 1_000_000_000 }

    func generator(_ subject: BenchSubject, _ socketPath: String, timeout: TimeSpan) -> LoadGenerator {
        let load = Load(
            socketPath: socketPath, line: subject.line, successPrefix: subject.successPrefix, depth: depth)
        // A longer patience than a day has no meaning, and would overflow.
        let patience = UInt64(min(max(timeout.seconds, 0), 86_400)) * 1_000_000_000
        return LoadGenerator(
            load: load, connections: connections, threads: threads, warmUp: UInt64(warmUp) * 1_000_000_000,
            duration: duration, patience: patience)
    }
}
