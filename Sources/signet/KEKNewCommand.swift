internal import ArgumentParser
internal import Keys
internal import StrictJSON

/// `signet key new-kek`.
struct KEKNewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new-kek",
        abstract: "Make a key-encryption key (KEK) and print its kid.",
        discussion: """
            The file is a JWK of 256 random bits for A256GCM, readable by its owner alone;
            it never overwrites. `kek` in [server] names it to the daemon, --kek to the
            commands that seal and open keys.

            Whoever has the KEK and the key directory has the keys. A KEK beside them
            protects copies of the directory alone, such as a backup; one that systemd
            decrypts by the host's TPM protects a stolen disk too.

            Examples:
              signet key new-kek /etc/signet/kek.jwk
              signet key new-kek /dev/shm/kek.jwk
              systemd-creds encrypt --name=kek /dev/shm/kek.jwk /etc/credstore.encrypted/kek
            """)

    @Argument(help: "The new file. Nothing may stand there.", completion: .file())
    var file: String

    @Option(help: "The KEK's name in sealed files. (default: 16 random hexadecimal digits)")
    var kid: String?

    func run() throws {
        let made = try withKeys { () throws(KeyError) in
            try KEKCreation(file: file).createKey(kid: kid.map { ByteString($0) })
        }
        Output.complain("wrote \(Output.printable(file))")
        Output.line(Output.printable(made.text))
    }
}
