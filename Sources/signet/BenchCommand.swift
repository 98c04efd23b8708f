internal import ArgumentParser
internal import SignetClient
internal import WireProtocol

/// `signet bench`.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure how many requests a second the daemon answers.",
        discussion: """
            Each connection keeps a number of requests in flight and sends the next as soon as an answer comes.
            The load runs beside the daemon and shares the host's cores with it. Tokens are thrown away.

            Exit status 0 when every answer was a success, else 2.

            Examples:
              signet bench --connections 4 --depth 64 --seconds 10 --profile web
              signet bench --op verify --connections 64
            """)

    enum Operation: String, CaseIterable, ExpressibleByArgument { case sign, verify, ping }

    @Option(help: "Connections to the daemon.")
    var connections = 4

    @Option(help: "Requests in flight on each connection.")
    var depth = 64

    @Option(help: "How long to measure.")
    var seconds = 5

    @Option(help: "Threads that make the load.")
    var threads = 1

    @Option(help: ArgumentHelp("What to ask for.", valueName: "sign|verify|ping"))
    var op = Operation.sign

    @OptionGroup var claims: ClaimsOptions
    @OptionGroup var connection: ConnectionOptions

    /// What a freshly registered user's token may hold.
    private static let sample: JSON = [
        "sub": "user-1001", "email": "ada@example.com", "given_name": "Ada", "roles": ["admin", "user"],
    ]

    func validate() throws {
        guard 1...10_000 ~= connections else { throw ValidationError("--connections is a number from 1 to 10000") }
        guard 1...65_536 ~= depth else { throw ValidationError("--depth is a number from 1 to 65536") }
        guard 1...86_400 ~= seconds else { throw ValidationError("--seconds is a number from 1 to 86400") }
        guard 1...256 ~= threads else { throw ValidationError("--threads is a number from 1 to 256") }
    }

    func run() async throws {
        let client = try connection.client()
        let load = try await load(client)
        let generator = LoadGenerator(
            load: load, connections: connections, threads: threads, duration: UInt64(seconds) * 1_000_000_000)
        let (result, elapsed) = try generator.run()
        report(result, elapsed)
        if let failure = result.failure { throw Failure(failure) }
        if !result.errors.isEmpty { throw Failure("not every answer was a success") }
    }

    /// The request to repeat. One request is made the usual way first: whatever is wrong, it says so clearly.
    private func load(_ client: SignetClient) async throws(Failure) -> Load {
        let given = try claims.read()
        let object = given == [:] ? Self.sample : given
        var line: [UInt8] = []
        var prefix = "{\"ok\":true,"
        switch op {
        case .ping:
            _ = try await explainingErrors { () async throws(SignetError) in try await client.ping() }
            RequestLine.ping.append(to: &line, id: nil)
        case .sign, .verify:
            let token = try await explainingErrors { () async throws(SignetError) in
                try await client.sign(object, profile: claims.profile, ttl: claims.timeToLive)
            }
            if op == .sign {
                let ttl = claims.ttl?.seconds
                guard let claims = try? CompactJSON(parsing: object.utf8.span) else {
                    throw Failure("claims are not JSON")
                }
                RequestLine.sign(profile: self.claims.profile, claims: claims, ttl: ttl).append(to: &line, id: nil)
            } else {
                _ = try await explainingErrors { () async throws(SignetError) in
                    try await client.verify(token, profile: claims.profile)
                }
                RequestLine.verify(token: token, profile: claims.profile, audience: nil).append(to: &line, id: nil)
                prefix += "\"valid\":true,"
            }
        }
        return Load(socketPath: client.socketPath, line: line, successPrefix: Array(prefix.utf8), depth: depth)
    }

    private func report(_ result: LoadGenerator.Result, _ elapsed: Double) {
        let latencies = result.latencies
        let rate = Int64((Double(latencies.total) / elapsed).rounded())
        let errorCount = result.errors.values.reduce(0, +)
        Output.line(
            """
            \(op.rawValue): \(rate) requests/s, \(connections) connections, \(depth) in flight on each
            latency: p50 \(microseconds(latencies.percentile(0.5))), p99 \(microseconds(latencies.percentile(0.99))), \
            largest \(microseconds(latencies.largest))
            errors: \(errorCount)
            """)
        for (code, count) in result.errors.sorted(by: { $0.key < $1.key }) {
            Output.line("  \(Output.printable(code)): \(count)")
        }
    }

    private func microseconds(_ nanoseconds: UInt64) -> String { "\((nanoseconds + 500) / 1_000) µs" }
}
