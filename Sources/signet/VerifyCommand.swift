internal import ArgumentParser
internal import SignetClient

/// `signet verify`.
struct VerifyCommand: AsyncParsableCommand, FormattedCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verify a token and print its claims.",
        discussion: """
            The claims go to standard output as one line of JSON, byte for byte as they were signed; on a
            terminal they are laid out. With -o json, an object with kid, header and claims. Exit status 0: the token holds. 1: it does not, and standard error says
            why. 2: nobody could tell.

            Examples:
              signet verify --profile web < token.jwt
              signet verify --profile web --audience https://api.example.com < token.jwt
              signet verify --profile web --batch < tokens.ndjson > claims.ndjson

            With --batch, each line of standard input is a JSON object whose member token is the token; its other
            members are not looked at, so that the answers of signet sign --batch will do. Blank lines are skipped.
            Each is answered by a line of JSON, in the same order:
              {"ok":true,"kid":…,"header":…,"claims":…}
              {"ok":false,"error":"invalid_token","reason":…,"message":…,"line":…}
              {"ok":false,"error":…,"message":…,"line":…}
            Exit status 0: all hold. 1: some do not. 2: of some, nobody could tell.
            """)

    @OptionGroup var input: TokenArgument

    @Option(help: "The daemon's profile to verify with. (default: default)")
    var profile: String?

    @Option(help: "The audience that the token must name. (default: any that you may accept)")
    var audience: String?

    @Flag(help: "Verify the token on each line of standard input; JSON lines in and out.")
    var batch = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        if batch, input.token != nil {
            throw ValidationError("with --batch, the tokens come from standard input alone")
        }
    }

    func run() async throws {
        if batch { return try await batch(profile, audience).run() }
        let (client, token) = (try connection.client(), try input.read())
        let verified = try await explainingErrors(.init(operation: "verify", profile: profile)) {
            () async throws(SignetError) in
            try await client.verify(token, profile: profile, audience: audience)
        }
        switch output.format {
        case .text: Output.json(verified.claims)
        case .json: Output.json(JSON(members: verified.members))
        }
    }

    private func batch(_ profile: String?, _ audience: String?) -> Batch {
        Batch(connection: connection) { (client, line) async throws(SignetError) in
            guard let token = line["token"]?.string else {
                throw .malformedRequest(message: "the line has no member \"token\" that is a string")
            }
            return try await client.verify(token, profile: profile, audience: audience).members
        } size: {
            $0["token"]?.string?.utf8.count ?? 0
        }
    }
}

extension VerifiedToken {
    /// As the protocol names them.
    var members: [(String, JSON)] { [("kid", JSON(keyID)), ("header", header), ("claims", claims)] }
}
