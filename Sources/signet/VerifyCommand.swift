internal import ArgumentParser
internal import POSIX
internal import SignetClient

/// `signet verify`.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verify a token and print its claims.",
        discussion: """
            The claims go to standard output as one line of JSON, byte for byte as they were signed; on a
            terminal they are laid out. Exit status 0: the token holds. 1: it does not, and standard error says
            why. 2: nobody could tell.

            Examples:
              signet verify --profile web < token.jwt
              signet verify --profile web --audience https://api.example.com < token.jwt
            """)

    @OptionGroup var input: TokenArgument

    @Option(help: "The daemon's profile to verify with. (default: default)")
    var profile: String?

    @Option(help: "The audience that the token must name. (default: any that you may accept)")
    var audience: String?

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let (client, token) = (try connection.client(), try input.read())
        let verified = try await explainingErrors { () async throws(SignetError) in
            try await client.verify(token, profile: profile, audience: audience)
        }
        Output.line(StandardStream.output.isTerminal ? prettyPrinted(verified.claims) : verified.claims.text)
    }
}
