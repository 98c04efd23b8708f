internal import ArgumentParser
internal import JOSE
internal import Keys
internal import POSIX
internal import StrictJSON

/// `signet key`: the files of a keyring's directory.
struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Make keys.",
        subcommands: [KeyNewCommand.self])
}

/// `signet key new`.
struct KeyNewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make a key in a keyring's directory and print its kid.",
        discussion: """
            The key is written to DIRECTORY/KID.jwk, readable by its owner alone. Run by root, the file goes to
            the owner of the directory. The key itself is never shown.

            Examples:
              signet key new /var/lib/signet/keys/default
              signet key new --algorithm HS256 --kid 2026-autumn keys/web
            """)

    @Argument(help: "The keyring's directory. It must exist.")
    var directory: String

    @Option(help: "What the key is for: \(Algorithm.allCases.map(\.name).joined(separator: ", ")).")
    var algorithm = "HS512"

    @Option(help: "The key's name in tokens. (default: 16 random hexadecimal digits)")
    var kid: String?

    func run() throws {
        do { try ProcessHardening.begin() } catch { throw Failure("\(error)") }
        guard let algorithm = Algorithm(name: ByteString(algorithm)) else {
            let known = Algorithm.allCases.map(\.name).joined(separator: ", ")
            throw Failure("there is no algorithm '\(Output.printable(algorithm))'; use one of \(known)")
        }
        do throws(KeyError) {
            let creation = KeyCreation(directory: directory)
            let key = try creation.createKey(
                algorithm, kid: kid.map { ByteString($0) }, now: SystemClock.unixSeconds())
            Output.complain("wrote \(key.file)")
            Output.line(key.kid.text)
        } catch {
            throw Failure("\(error)")
        }
    }
}
