internal import ArgumentParser
internal import JOSE
internal import Keys
internal import POSIX
internal import StrictJSON

/// `signet key new`.
struct KeyNewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make a key in a keyring's directory and print its kid.",
        discussion: """
            The key is written to DIRECTORY/KID.jwk, readable by its owner alone. Run by
            root, the file goes to the owner of the directory. The key itself is never
            shown. RSA keys have 3072 bits; EdDSA makes Ed25519 keys.

            Examples:
              signet key new /var/lib/signet/keys/default
              signet key new --algorithm ES256 --kid 2026-autumn keys/web
            """)

    @Argument(help: "The keyring's directory. It must exist.", completion: .directory)
    var directory: String

    @Option(help: "What the key is for: \(Algorithm.names).")
    var algorithm = "HS512"

    @Option(
        help: """
            The key's name in tokens. (default: a key pair's RFC 7638 thumbprint; for HMAC 16 random hexadecimal digits)
            """)
    var kid: String?

    func run() throws {
        let algorithm = try Algorithm(argument: algorithm)
        let key = try withKeys { () throws(KeyError) in
            try KeyCreation(directory: directory).createKey(
                algorithm, kid: kid.map { ByteString($0) }, now: SystemClock.unixSeconds())
        }
        Output.complain("wrote \(Output.printable(key.file))")
        Output.line(key.kid.text)
    }
}
