internal import ArgumentParser
internal import Keys
internal import POSIX
internal import StrictJSON

/// The keyring that a command of keys works on: its directory, its name, and the KEKs of its sealed keys.
struct RingDirectoryArguments: ParsableArguments {
    @Argument(help: "The keyring's directory. It must exist.", completion: .directory)
    var directory: String

    @Option(
        name: .customLong("kek"),
        help: ArgumentHelp(
            "A file that holds a KEK. May be repeated: the first seals, all open.", valueName: "file"),
        completion: .file())
    var keks: [String] = []

    @Option(
        help: ArgumentHelp(
            "The keyring's name, which keys are sealed for. (default: the directory's own name)", valueName: "name"))
    var ring: String?

    /// What the room `Keys` is told.
    var place: RingDirectory {
        RingDirectory(path: directory, ring: ByteString(ring ?? Self.lastPart(of: directory)), kekFiles: keks)
    }

    /// Refuses a command line without a KEK.
    func requireKEK() throws {
        if keks.isEmpty { throw ValidationError("name a KEK with --kek FILE; `signet key new-kek FILE` makes one") }
    }

    func validate() throws {
        if ring?.isEmpty == true { throw ValidationError("--ring needs a name") }
    }

    /// The directory's own name, whatever way leads there.
    private static func lastPart(of path: String) -> String {
        let parts = path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        if let last = parts.last, last != ".", last != ".." { return last }
        return (try? FilePath.real(path)).map(FilePath.name) ?? path
    }
}
