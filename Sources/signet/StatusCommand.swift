internal import ArgumentParser
internal import POSIX
internal import SignetClient

/// How `signet status` prints: for people, as the protocol's answer, or for Prometheus.
enum StatusFormat: String, CaseIterable, ExpressibleByArgument { case text, json, openmetrics }

/// `signet status`.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how the daemon is: which keys sign, which come next, which may be removed.",
        discussion: """
            The daemon's admins (root and its own user, unless configured otherwise) see
            everything; others its version, how long it has run and its generation.

            Exit status 0: all is well. 1: something wants attention: a fault, a reload
            that failed, a keyring without a key that signs, or one whose key ends within
            7 days and has no successor. 2: the daemon does not answer. With --watch, 0 when
            SIGINT or SIGTERM ends it.

            Examples:
              sudo signet status
              sudo signet status -o json | jq '.keyrings[].signs'
              sudo signet status -o openmetrics | sudo sponge /var/lib/prometheus/node-exporter/signet.prom
              sudo signet status --watch --every 5s
            """)

    @Option(name: [.short, .long], help: "How to print it.")
    var output = StatusFormat.text

    @Flag(help: "Show it again and again, until SIGINT; also while the daemon is away.")
    var watch = false

    @Option(help: "With --watch, how long to wait in between: digits and one of s m h d.")
    var every = TimeSpan(seconds: 2)

    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        if watch, output == .openmetrics { throw ValidationError("--watch goes with text and json") }
        if every.seconds < 1 { throw ValidationError("--every is at least 1s") }
    }

    func run() async throws {
        let client = try connection.client()
        if watch {
            return try await StatusWatch(client: client, format: output, interval: .seconds(every.seconds)).run()
        }
        let json = try await explainingErrors { () async throws(SignetError) in try await client.status() }
        let report = StatusReport(json)
        switch output {
        case .text: Output.line(report.text(Paint(for: .output)))
        case .json: Output.json(json)
        case .openmetrics: Output.line(OpenMetrics(json).text)
        }
        let concerns = report.concerns
        guard !concerns.isEmpty else { return }
        throw Failure(attention: concerns.map { Output.printable($0) }.joined(separator: "\nsignet: "))
    }
}
