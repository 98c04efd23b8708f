internal import ArgumentParser
internal import POSIX
internal import SignetClient

/// `signet jwks`.
struct JWKSCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jwks",
        abstract: "Print the daemon's public keys as a JWK Set, for verifiers elsewhere.",
        discussion: """
            The set goes to standard output as one line of JSON; on a terminal it is laid
            out. It holds the keys that verify now, those that will sign next included.
            HMAC keys are secrets and are never in it.

            Examples:
              signet jwks --keyring web > jwks.json
              signet jwks | jq '.keys[].kid'
            """)

    @Option(help: "The daemon's keyring. (default: all that you may see)")
    var keyring: String?

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let client = try connection.client()
        let published = try await explainingErrors { () async throws(SignetError) in
            try await client.jwks(keyring: keyring)
        }
        Output.line(StandardStream.output.isTerminal ? prettyPrinted(published.keySet) : published.keySet.text)
    }
}
