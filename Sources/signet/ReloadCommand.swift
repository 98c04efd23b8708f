internal import ArgumentParser
internal import SignetClient

/// `signet reload`.
struct ReloadCommand: AsyncParsableCommand, FormattedCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Have the daemon read its configuration and keys anew, all or nothing.",
        discussion: """
            Returns when every event loop of the daemon serves by them. When anything is
            wrong, nothing changes, and the error says what it is. For the daemon's admins.

            With -o json, an object with generation, added, removed, promoted (arrays of
            objects with keyring and kid) and warnings.

            Exit status 0: reloaded. 2: nothing has changed.

            Examples:
              sudo signet reload
              sudo signet reload --force
            """)

    @Flag(help: "Accept that keys vanish which tokens still need.")
    var force = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let report = try await Self.report(connection, force: force)
        switch output.format {
        case .text: Self.tell(report)
        case .json: Output.json(Self.json(report))
        }
    }

    /// Reading many keys on a busy host takes longer than any other answer, in seconds.
    private static let patience: Int64 = 60

    /// Reloads and says what changed.
    static func reload(_ connection: ConnectionOptions, fallback: String? = nil, force: Bool = false) async throws {
        tell(try await report(connection, fallback: fallback, force: force))
    }

    private static func report(
        _ connection: ConnectionOptions, fallback: String? = nil, force: Bool
    ) async throws(Failure) -> ReloadReport {
        let client = try connection.client(fallback: fallback)
        let timeout = Duration.seconds(max(connection.timeout.seconds, patience))
        return try await explainingErrors { () async throws(SignetError) in
            try await client.reload(force: force, timeout: timeout)
        }
    }

    private static func tell(_ report: ReloadReport) {
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

    /// As the protocol names it.
    private static func json(_ report: ReloadReport) -> JSON {
        let keys = { (names: [KeyName]) in
            JSON(names.map { ["keyring": JSON($0.keyring), "kid": JSON($0.keyID)] })
        }
        return [
            "generation": JSON(report.generation), "added": keys(report.added), "removed": keys(report.removed),
            "promoted": keys(report.promoted), "warnings": JSON(report.warnings.map { JSON($0) }),
        ]
    }
}
