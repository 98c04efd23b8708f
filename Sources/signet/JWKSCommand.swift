internal import ArgumentParser
internal import SignetClient

/// `signet jwks`.
struct JWKSCommand: AsyncParsableCommand, FormattedCommand {
    static let configuration = CommandConfiguration(
        commandName: "jwks",
        abstract: "Print the daemon's public keys as a JWK Set, for verifiers elsewhere.",
        discussion: """
            The set goes to standard output as one line of JSON; on a terminal it is laid
            out. It holds the keys that verify now, those that will sign next included.
            HMAC keys are secrets and are never in it. With -o json, an object with jwks (the
            set), generation and refresh_hint (seconds).

            Examples:
              signet jwks --keyring web > jwks.json
              signet jwks | jq '.keys[].kid'
            """)

    @Option(help: "The daemon's keyring. (default: all that you may see)")
    var keyring: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let client = try connection.client()
        let published = try await explainingErrors { () async throws(SignetError) in
            try await client.jwks(keyring: keyring)
        }
        switch output.format {
        case .text: Output.json(published.keySet)
        case .json:
            Output.json([
                "jwks": published.keySet, "generation": JSON(published.generation),
                "refresh_hint": JSON(published.refreshHint.components.seconds),
            ])
        }
    }
}
