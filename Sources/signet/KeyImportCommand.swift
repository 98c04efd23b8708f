internal import ArgumentParser
internal import JOSE
internal import Keys
internal import POSIX
internal import StrictJSON

/// `signet key import`.
struct KeyImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Turn a key that you have into a JWK of its own, as a keyring's directory takes it.",
        discussion: """
            With --into, writes DIRECTORY/KID.jwk, readable by its owner alone, and prints
            the kid. Without, the JWK goes to standard output; a secret one only when that
            is no terminal. The file that it came from is left as it is. A public key
            makes a JWK that verifies and does not sign.

            An RSA key, or HMAC octets, that do not say what they are for need
            --algorithm. Of a JWK, nbf, exp and a key_ops without sign are kept; a revoked
            key is refused.

            Examples:
              signet key import --into keys/web --algorithm RS256 private.pem
              signet key import --into keys/web --passphrase-file pass encrypted.pem
              signet key import public.pem > public.jwk
            """)

    @OptionGroup var input: KeyFileArgument

    @Option(help: "The keyring's directory. It must exist.", completion: .directory)
    var into: String?

    @OptionGroup var identity: KeyIdentityOptions

    func run() throws {
        let algorithm = try identity.knownAlgorithm()
        let outcome = try withKeys { () throws(KeyError) in
            try input.source.write(
                to: into.map { .directory($0) } ?? .standardOutput, algorithm, kid: identity.keyID,
                now: SystemClock.unixSeconds())
        }
        for warning in outcome.warnings { Output.complain(Output.printable(warning)) }
        guard let file = outcome.file else { return }
        let use = outcome.canSign ? "signs and verifies" : "verifies only"
        Output.complain("wrote \(Output.printable(file)): \(outcome.algorithm.name), \(use)")
        Output.line(Output.printable(outcome.kid.text))
    }
}
