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
