internal import ArgumentParser
internal import Keys
internal import StrictJSON

/// `signet key public`.
struct KeyPublicCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "public",
        abstract: "Print the public half of a key as a JWK.",
        discussion: """
            The JWK is what the daemon publishes of the key: its public numbers, use, alg
            and kid, on one line. HMAC octets are refused: they have no public half.

            Examples:
              signet key public keys/web/2026-autumn.jwk
              signet key public --algorithm PS256 private.pem
            """)

    @OptionGroup var input: KeyFileArgument
    @OptionGroup var identity: KeyIdentityOptions

    func run() throws {
        let algorithm = try identity.knownAlgorithm()
        let jwk = try withKeys { () throws(KeyError) in try input.source.publicJWK(algorithm, kid: identity.keyID) }
        Output.line(String(decoding: jwk, as: UTF8.self))
    }
}

/// `signet key thumbprint`.
struct KeyThumbprintCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "thumbprint",
        abstract: "Print the RFC 7638 thumbprint of a key.",
        discussion: """
            It is the same for the private and the public half, and for JWK and PEM. HMAC
            octets are refused: the thumbprint of a secret would let everyone who sees it
            test guesses.

            Example:
              signet key thumbprint public.pem
            """)

    @OptionGroup var input: KeyFileArgument

    func run() throws {
        let thumbprint = try withKeys { () throws(KeyError) in try input.source.thumbprint() }
        Output.line(thumbprint.text)
    }
}
