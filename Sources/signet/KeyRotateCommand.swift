internal import ArgumentParser
internal import JOSE
internal import Keys
internal import POSIX
internal import StrictJSON

/// `signet key rotate`.
struct KeyRotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Make the successor of a keyring's signing key and print its kid.",
        discussion: """
            The new key is for the same algorithm as the old one, sealed if that is; RSA
            keys have 3072 bits, EdDSA makes Ed25519 keys. Its nbf is now, or --lead later. The daemon publishes it when it reloads, and signs with
            it when verifiers can know it (verifier_cache). The old key goes on verifying
            what it signed; `signet key prune` removes it when nothing needs it any more.

            Examples:
              sudo signet key rotate web --reload
              sudo signet key rotate web --lead 1h --reload
              signet key rotate --algorithm ES256 ./keys/web
            """)

    @OptionGroup var ring: KeyringArguments

    @Option(help: "How long from now its nbf is: digits and one of s m h d.")
    var lead = TimeSpan(seconds: 0)

    @Option(help: "What the key is for. (default: what the keyring is for)")
    var algorithm: String?

    @Flag(inversion: .prefixedNo, help: "Encrypt the key under a KEK. (default: as the signing key is)")
    var seal: Bool?

    @OptionGroup var reload: ReloadOptions

    func run() async throws {
        let now = SystemClock.unixSeconds()
        let ring = try ring.find(at: now)
        let algorithm = try algorithm.map { (name) throws(Failure) in try Algorithm(argument: name) } ?? ring.algorithm
        let made = try withKeys { () throws(KeyError) in
            try KeyRotation(ring.place, ring.knowledge).rotate(
                algorithm, lead: lead.seconds, isSealed: seal, now: now)
        }
        for note in made.notes { Output.complain("note: \(Output.printable(note))") }
        Output.complain(
            "wrote \(Output.printable(made.file)): \(made.algorithm.name), may sign from "
                + ReadableTime.date(made.notBefore))
        Output.line(made.kid.text)
        try await reload.finish(ring)
    }
}

/// `signet key revoke`.
struct KeyRevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revoke a key: it verifies nothing any more.",
        discussion: """
            Adds the kid to the file `revoked` in the keyring's directory, which wins over
            the key files and outlives them. Tokens of the key are refused from the next
            reload on. Without --keyring, every ring of the configuration that has such a
            key is meant. A kid that begins with - stands behind --.

            Examples:
              sudo signet key revoke 2025-spring --reload
              sudo signet key revoke --reload -- -Zq5vbSc0kYNw
              sudo signet key revoke --keyring ./keys/web 2025-spring
            """)

    @Argument(help: "The key's name in tokens; put -- before one that begins with -.")
    var kid: String

    @Option(help: "The keyring: its name in the configuration, or its directory, written with a slash.")
    var keyring: String?

    @Flag(help: "Also when a ring is left without a key that may sign. With --reload, the reload is forced too.")
    var force = false

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var keks: KEKOptions
    @OptionGroup var reload: ReloadOptions

    func run() async throws {
        let now = SystemClock.unixSeconds()
        let kid = ByteString(kid)
        let named = try rings(with: kid, at: now)
        let rings = named.map { KeyRevocation($0.place, $0.knowledge) }
        // All or none: nothing is written before every ring has been looked at.
        let lists = try withKeys { () throws(KeyError) in
            if !force { for ring in rings { try ring.requireSuccessor(of: kid, now: now) } }
            var lists: [String] = []
            for ring in rings { lists.append(try ring.revoke(kid)) }
            return lists
        }
        for list in lists { Output.complain("revoked \(kid.quoted) in \(Output.printable(list))") }
        try await reload.finish(named.first, force: force)
    }

    private func rings(with kid: ByteString, at now: Int64) throws -> [NamedKeyring] {
        if let keyring { return [try NamedKeyring.find(keyring, configuration, keks: keks.kek, at: now)] }
        var concerned: [NamedKeyring] = []
        for ring in try NamedKeyring.all(configuration, keks: keks.kek, at: now) {
            do throws(Failure) {
                let (isConcerned, errors) = try withKeys { () throws(KeyError) in
                    try KeyRevocation(ring.place, ring.knowledge).concerns(kid)
                }
                if isConcerned { concerned.append(ring) }
                for error in errors { Output.complain(Output.printable(error.description)) }
            } catch {
                // A broken ring must not stand in the way of revoking a key of another.
                Output.complain(error.message)
            }
        }
        guard concerned.isEmpty else { return concerned }
        throw Failure("no keyring has a key \(kid.quoted); to revoke one that is not to be seen, name its --keyring")
    }
}

/// `signet key prune`.
struct KeyPruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove the keys that nothing needs any more.",
        discussion: """
            Removed are the files of revoked keys, and of keys whose own end, or that of
            the last token that they signed, lies back by more than the leeway. What a key
            signed last is known from the daemon's state file; a directory that no
            configuration names loses none but revoked keys and those past their own end.

            Examples:
              sudo signet key prune --reload
              sudo signet key prune --dry-run web
            """)

    @Argument(help: "Keyrings: names in the configuration, or directories, written with a slash. (default: all)")
    var keyrings: [String] = []

    @Flag(help: "Only say what would be removed.")
    var dryRun = false

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var keks: KEKOptions
    @OptionGroup var reload: ReloadOptions

    func run() async throws {
        let now = SystemClock.unixSeconds()
        var rings: [NamedKeyring] = []
        for name in keyrings {
            rings.append(try NamedKeyring.find(name, configuration, keks: keks.kek, at: now))
        }
        if keyrings.isEmpty { rings = try NamedKeyring.all(configuration, keks: keks.kek, at: now) }
        var errors: [KeyError] = []
        var count = 0
        for ring in rings {
            let report = try withKeys { () throws(KeyError) in
                try KeyPruning(ring.place, ring.knowledge).prune(isRehearsal: dryRun, now: now)
            }
            for key in report.removed {
                Output.complain("\(dryRun ? "would remove" : "removed") \(Output.printable(key.file))")
                Output.line(Output.printable(key.kid.text))
            }
            for note in report.notes { Output.complain(Output.printable(note)) }
            errors += report.errors
            count += report.removed.count
        }
        if count == 0 { Output.complain("nothing to remove") }
        for error in errors { Output.complain(Output.printable(error.description)) }
        if !dryRun, count > 0 { try await reload.finish(rings.first) }
        if !errors.isEmpty { throw Failure(errors.count == 1 ? "1 problem" : "\(errors.count) problems") }
    }
}
