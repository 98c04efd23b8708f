internal import ArgumentParser
internal import JOSE
internal import Keys
internal import StrictJSON

/// `signet key`: keys as files.
struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Make, import, seal and look at keys.",
        subcommands: [
            KeyNewCommand.self, KeyImportCommand.self, KeyListCommand.self, KeyPublicCommand.self,
            KeyThumbprintCommand.self, KeyRotateCommand.self, KeyRevokeCommand.self, KeyPruneCommand.self,
            KeyInitCommand.self, KeyRenewCommand.self, KEKNewCommand.self, KeySealCommand.self, KeyUnsealCommand.self,
            KeyResealCommand.self,
        ])
}

/// The key file that a command reads.
struct KeyFileArgument: ParsableArguments {
    @Argument(
        help: "A JWK, or PEM: PKCS#8, SEC 1, PKCS#1 or SubjectPublicKeyInfo. - is standard input.",
        completion: .file())
    var file: String

    @Option(
        help: "The file that holds the passphrase of an encrypted PEM file. A passphrase is never an argument.",
        completion: .file())
    var passphraseFile: String?

    var source: KeyImport { KeyImport(file: file, passphraseFile: passphraseFile) }

    func validate() throws {
        if file == "-", passphraseFile == "-" { throw ValidationError("only one file can be standard input") }
    }
}

/// What a key is for and how tokens name it, where the file does not say.
struct KeyIdentityOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What the key is for: \(Algorithm.names). (default: what the file says, else what its type allows)",
            valueName: "algorithm"))
    var algorithm: String?

    @Option(help: "The key's name in tokens. (default: the file's, else its RFC 7638 thumbprint)")
    var kid: String?

    func knownAlgorithm() throws(Failure) -> Algorithm? {
        guard let algorithm else { return nil }
        return try Algorithm(argument: algorithm)
    }

    var keyID: ByteString? { kid.map { ByteString($0) } }
}

extension Algorithm {
    /// The algorithm of that name.
    init(argument: String) throws(Failure) {
        guard let algorithm = Algorithm(name: ByteString(argument)) else {
            throw Failure("there is no algorithm '\(Output.printable(argument))'; use one of \(Algorithm.names)")
        }
        self = algorithm
    }
}

/// Runs `body`, which touches keys: in locked memory, closed to debuggers and dumps (rule MEM-2).
func withKeys<Result>(_ body: () throws(KeyError) -> Result) throws(Failure) -> Result {
    do { try ProcessHardening.begin() } catch { throw Failure("\(error)") }
    do throws(KeyError) { return try body() } catch { throw Failure(Output.printable(error.description)) }
}
