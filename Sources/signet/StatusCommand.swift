internal import ArgumentParser
internal import POSIX
internal import SignetClient

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
            7 days and has no successor. 2: the daemon does not answer.

            Examples:
              sudo signet status
              sudo signet status -o json | jq '.keyrings[].signs'
            """)

    enum Format: String, CaseIterable, ExpressibleByArgument { case text, json }

    @Option(name: [.short, .long], help: "How to print it.")
    var output = Format.text

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let client = try connection.client()
        let json = try await explainingErrors { () async throws(SignetError) in try await client.status() }
        let report = StatusReport(json)
        switch output {
        case .text: Output.line(report.text(Paint(for: .output)))
        case .json: Output.line(StandardStream.output.isTerminal ? prettyPrinted(json) : json.text)
        }
        let concerns = report.concerns
        guard !concerns.isEmpty else { return }
        throw Failure(attention: concerns.map { Output.printable($0) }.joined(separator: "\nsignet: "))
    }
}

/// `signet reload`.
struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Have the daemon read its configuration and keys anew, all or nothing.",
        discussion: """
            Returns when every event loop of the daemon serves by them. When anything is
            wrong, nothing changes, and the error says what it is. For the daemon's admins.

            Exit status 0: reloaded. 2: nothing has changed.

            Examples:
              sudo signet reload
              sudo signet reload --force
            """)

    @Flag(help: "Accept that keys vanish which tokens still need.")
    var force = false

    @OptionGroup var connection: ConnectionOptions

    func run() async throws { try await Self.reload(connection, force: force) }

    /// Reading many keys on a busy host takes longer than any other answer, in seconds.
    private static let patience: Int64 = 60

    /// Reloads and says what changed.
    static func reload(_ connection: ConnectionOptions, fallback: String? = nil, force: Bool = false) async throws {
        let client = try connection.client(fallback: fallback)
        let timeout = Duration.seconds(max(connection.timeout.seconds, patience))
        let report = try await explainingErrors { () async throws(SignetError) in
            try await client.reload(force: force, timeout: timeout)
        }
        for warning in report.warnings { Output.complain(Output.printable(warning)) }
        var line = "reloaded: generation \(report.generation)"
        for (deed, keys) in [
            ("added", report.added), ("removed", report.removed), ("signs now:", report.promoted),
        ] where !keys.isEmpty {
            let names = keys.map { "\(Output.printable($0.keyring))/\(Output.printable($0.keyID))" }
            line += "; \(deed) \(names.joined(separator: ", "))"
        }
        Output.complain(line)
    }
}
