internal import ArgumentParser
internal import SignetClient

/// `signet sign`.
struct SignCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Sign a token and print it.",
        discussion: """
            The daemon adds iss, aud, iat, nbf, exp and jti. The token alone goes to standard output.

            Every user of the host can see a command's arguments: give private claims with --json - on
            standard input.

            Examples:
              signet sign --claim sub=user-1 --claim email=ada@example.com --ttl 7d
              signet sign --profile web --json '{"sub":"user-1","roles":["admin"]}'
              signet sign --profile web --json - < claims.json
            """)

    @OptionGroup var claims: ClaimsOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let (client, object) = (try connection.client(), try claims.read())
        let token = try await explainingErrors { () async throws(SignetError) in
            try await client.sign(object, profile: claims.profile, ttl: claims.timeToLive)
        }
        Output.line(token)
    }
}
