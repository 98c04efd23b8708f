internal import ArgumentParser
internal import SignetClient

/// `signet sign`.
struct SignCommand: AsyncParsableCommand, FormattedCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Sign a token and print it.",
        discussion: """
            The daemon adds iss, aud, iat, nbf, exp and jti. The token alone goes to standard output; with
            -o json, an object with token, kid, exp and jti.

            Every user of the host can see a command's arguments: give private claims with --json - on
            standard input.

            Examples:
              signet sign --claim sub=user-1 --claim email=ada@example.com --ttl 7d
              signet sign --profile web --json '{"sub":"user-1","roles":["admin"]}'
              signet sign --profile web --json - < claims.json
              signet sign --profile web --batch < claims.ndjson > tokens.ndjson

            With --batch, each line of standard input is one claims object; blank lines are skipped, and --profile and
            --ttl go for all. Each is answered by a line of JSON, in the same order:
              {"ok":true,"token":…,"kid":…,"exp":…,"jti":…}
              {"ok":false,"error":…,"message":…,"line":…}
            error is a code of the protocol, or what signet found itself, as unavailable or connection_lost. A line
            that fails stops no other. One whose connection broke may have been carried out, and is not repeated; what
            the daemon puts off (rate_limited, overloaded) is, until it has carried out no line for a minute. Exit
            status 0: all are signed. 2: some are not.
            """)

    @OptionGroup var claims: ClaimsOptions

    @Flag(help: "Sign the claims on each line of standard input; JSON lines in and out.")
    var batch = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        if batch, claims.json != nil || !claims.claims.isEmpty {
            throw ValidationError("with --batch, the claims come from standard input alone")
        }
    }

    func run() async throws {
        if batch { return try await batch(claims.profile, claims.timeToLive).run() }
        let (client, object) = (try connection.client(), try claims.read())
        let token = try await explainingErrors(.init(operation: "sign", profile: claims.profile)) {
            () async throws(SignetError) in
            try await client.signedToken(object, profile: claims.profile, ttl: claims.timeToLive)
        }
        switch output.format {
        case .text: Output.line(token.token)
        case .json: Output.json(JSON(members: token.members))
        }
    }

    private func batch(_ profile: String?, _ ttl: Duration?) -> Batch {
        Batch(connection: connection) { (client, claims) async throws(SignetError) in
            try await client.signedToken(claims, profile: profile, ttl: ttl).members
        } size: {
            $0.utf8.count
        }
    }
}

extension SignedToken {
    /// As the protocol names them.
    var members: [(String, JSON)] {
        var members: [(String, JSON)] = [("token", JSON(token)), ("kid", JSON(keyID))]
        if let expiry { members.append(("exp", JSON(expiry))) }
        if let tokenID { members.append(("jti", JSON(tokenID))) }
        return members
    }
}
