internal import ArgumentParser
internal import SignetClient

/// `signet ping`.
struct PingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ping",
        abstract: "Ask the daemon for its version.",
        discussion: """
            Exit status 0 when it answers, 2 when it does not.

            Example:
              signet ping --socket /run/signet/signet.sock
            """)

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let client = try connection.client()
        let answer = try await explainingErrors { () async throws(SignetError) in try await client.ping() }
        Output.line("signetd \(Output.printable(answer.version)), protocol \(answer.protocolVersion)")
    }
}
