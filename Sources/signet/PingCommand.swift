internal import ArgumentParser
internal import SignetClient

/// `signet ping`.
struct PingCommand: AsyncParsableCommand, FormattedCommand {
    static let configuration = CommandConfiguration(
        commandName: "ping",
        abstract: "Ask the daemon for its version.",
        discussion: """
            With -o json, an object with version and protocol. Exit status 0 when it answers, 2 when it does not.

            Example:
              signet ping --socket /run/signet/signet.sock
            """)

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let client = try connection.client()
        let answer = try await explainingErrors { () async throws(SignetError) in try await client.ping() }
        switch output.format {
        case .text: Output.line("signetd \(Output.printable(answer.version)), protocol \(answer.protocolVersion)")
        case .json: Output.json(["version": JSON(answer.version), "protocol": JSON(answer.protocolVersion)])
        }
    }
}
