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

            With --seal, it is written to DIRECTORY/KID.jwe, encrypted under the first
            --kek, and stands on the disk in no other form.

            Examples:
              signet key new /var/lib/signet/keys/default
              signet key new --algorithm ES256 --kid 2026-autumn keys/web
              signet key new --seal --kek /etc/signet/kek.jwk keys/web
            """)

    @OptionGroup var ring: KeyringArguments

    @Flag(help: "Encrypt the key under a KEK.")
    var seal = false

    @Option(
        help: ArgumentHelp(
            "What the key is for: \(Algorithm.names). (default: what the keyring is for, else HS512)",
            valueName: "algorithm"))
    var algorithm: String?

    @Option(
        help: """
            The key's name in tokens. (default: a key pair's RFC 7638 thumbprint; for HMAC 16 random hexadecimal digits)
            """)
    var kid: String?

    func validate() throws {
        if seal { return }
        if !ring.keks.kek.isEmpty || ring.ring != nil { throw ValidationError("--kek and --ring go with --seal") }
    }

    func run() throws {
        let ring = seal ? try ring.findWithKEK() : try ring.find()
        let creation = seal ? KeyCreation(sealing: ring.place) : KeyCreation(directory: ring.place.path)
        let algorithm =
            try algorithm.map { (name) throws(Failure) in try Algorithm(argument: name) }
            ?? ring.algorithm ?? .hs512
        let key = try withKeys { () throws(KeyError) in
            try creation.createKey(
                algorithm, kid: kid.map { ByteString($0) }, now: SystemClock.unixSeconds())
        }
        Output.complain("wrote \(Output.printable(key.file))")
        Output.line(key.kid.text)
    }
}
