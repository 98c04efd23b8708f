internal import ArgumentParser
internal import Keys
internal import POSIX
internal import StrictJSON

/// Where the configuration is, which says where the keys of a ring lie.
struct ConfigurationOption: ParsableArguments {
    @Option(
        help: "The daemon's configuration. (default: /etc/signet/signetd.toml, where it exists)", completion: .file())
    var config: String?
}

/// The keyring that a command works on.
struct KeyringArguments: ParsableArguments {
    @Argument(
        help: "The keyring: its name in the configuration, or its directory.", completion: .directory)
    var keyring: String

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var keks: KEKOptions

    @Option(
        help: ArgumentHelp(
            "Of a directory, the keyring's name, which keys are sealed for. (default: the directory's own name)",
            valueName: "name"))
    var ring: String?

    func validate() throws {
        if ring?.isEmpty == true { throw ValidationError("--ring needs a name") }
    }

    func find(at now: Int64 = SystemClock.unixSeconds()) throws(Failure) -> NamedKeyring {
        try NamedKeyring.find(keyring, called: ring, configuration, keks: keks.kek, at: now)
    }

    /// The keyring, for a command that seals or opens.
    func findWithKEK() throws(Failure) -> NamedKeyring {
        let found = try find()
        guard found.place.kekFiles.isEmpty else { return found }
        throw Failure("name a KEK with --kek FILE, or `kek` in [server]; `signet key new-kek FILE` makes one")
    }
}

/// KEKs, where the configuration does not name them.
struct KEKOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file that holds a KEK; may be repeated: the first seals, all open. (default: the configuration's)",
            valueName: "file"),
        completion: .file())
    var kek: [String] = []
}

/// Whether the daemon is told at once.
struct ReloadOptions: ParsableArguments {
    @Flag(help: "Have the daemon reload when it is done.")
    var reload = false

    @OptionGroup var connection: ConnectionOptions

    /// Reloads if that was asked for, else says what is left to do.
    ///
    /// - Parameter ring: One that was changed, whose daemon is told.
    func finish(_ ring: NamedKeyring?, force: Bool = false) async throws {
        guard reload else { return Output.complain("the daemon learns of it by `signet reload`") }
        try await ReloadCommand.reload(connection, fallback: ring?.socketPath, force: force)
    }
}
