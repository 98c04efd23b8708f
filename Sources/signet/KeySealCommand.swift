internal import ArgumentParser
internal import Keys
internal import StrictJSON

/// `signet key seal`.
struct KeySealCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seal",
        abstract: "Encrypt the keys of a keyring's directory under a KEK.",
        discussion: """
            Replaces each *.jwk and *.pem that holds a private key by KID.jwe: the key as
            a JWK, encrypted under the first KEK, for this ring alone. Public keys stay as
            they are. The new file is on the disk before the old one is removed; run again,
            the command ends what a crash left half done, and removes what it left half
            written.

            The daemon opens the files with the KEKs that `kek` in [server] names. What a
            removed file held may stand on the disk until it is written over: a key that
            was never plain is made by `signet key new --seal`.

            Exit status 0: all private keys are sealed. 2: one could not be.

            Examples:
              signet key new-kek /etc/signet/kek.jwk
              signet key seal --kek /etc/signet/kek.jwk /var/lib/signet/keys/default
              signet key seal --kek kek.jwk --ring web --kid 2026-autumn keys/old-web
            """)

    @OptionGroup var ring: KeyringArguments

    @Option(help: "Seal this key alone.")
    var kid: String?

    func run() throws {
        let place = try ring.findWithKEK().place
        let report = try withKeys { () throws(KeyError) in
            try KeySealing(place).seal(kid: kid.map { ByteString($0) })
        }
        try report.tell("sealed")
    }
}

/// `signet key unseal`.
struct KeyUnsealCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unseal",
        abstract: "Decrypt the sealed keys of a keyring's directory.",
        discussion: """
            Replaces each KID.jwe by KID.jwk, a plain private key that is protected by its
            mode alone.

            Exit status 0: all are unsealed. 2: one could not be.

            Examples:
              signet key unseal --kek kek.jwk keys/web
              signet key unseal --kek kek.jwk --kid 2026-autumn keys/web
            """)

    @OptionGroup var ring: KeyringArguments

    @Option(help: "Unseal this key alone.")
    var kid: String?

    func run() throws {
        let place = try ring.findWithKEK().place
        let report = try withKeys { () throws(KeyError) in
            try KeySealing(place).unseal(kid: kid.map { ByteString($0) })
        }
        try report.tell("unsealed")
    }
}

/// `signet key reseal`.
struct KeyResealCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reseal",
        abstract: "Encrypt the sealed keys of a keyring's directory under another KEK.",
        discussion: """
            Opens each *.jwe with any of the KEKs and seals it anew under the first; each
            file is replaced at once.

            To change the KEK: make a new one; put it first in `kek` of [server], the old
            one behind it, and reload the daemon (credentials take a restart); reseal each
            ring; drop the old one.

            Exit status 0: all are sealed under the first KEK. 2: one is not.

            Example:
              signet key reseal --kek new.jwk --kek old.jwk /var/lib/signet/keys/default
            """)

    @OptionGroup var ring: KeyringArguments

    func run() throws {
        let place = try ring.findWithKEK().place
        let report = try withKeys { () throws(KeyError) in try KeySealing(place).reseal() }
        try report.tell("resealed")
    }
}

extension KeySealing.Report {
    /// Says what was done, the kids on standard output.
    ///
    /// - Throws: When a file could not be dealt with.
    fileprivate func tell(_ deed: String) throws(Failure) {
        for change in changes {
            Output.complain("\(deed) \(Output.printable(change.file))")
            Output.line(Output.printable(change.kid.text))
        }
        for note in notes { Output.complain(Output.printable(note)) }
        if changes.isEmpty, errors.isEmpty { Output.complain("nothing to be \(deed)") }
        guard !errors.isEmpty else { return }
        for error in errors { Output.complain(Output.printable(error.description)) }
        throw Failure(errors.count == 1 ? "1 key was not \(deed)" : "\(errors.count) keys were not \(deed)")
    }
}
