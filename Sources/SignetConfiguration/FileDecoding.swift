import StrictJSON
import TOML

/// One configuration file while it is decoded, and what is wrong with it by itself.
struct FileDecoding {
    let source: SourceFile
    /// 0: the main file.
    let number: Int
    let log: ProblemLog
    /// Whether its tables are known.
    let isTOML: Bool
    /// The tables `[keyring.NAME]` and `[profile.NAME]` whose names are sound, in the order of the file.
    let keyrings: [NamedTable]
    let profiles: [NamedTable]
    private var root: Section

    /// A table `[KIND.NAME]`.
    struct NamedTable {
        let name: ByteString
        let section: Section
        var position: FilePosition { section.log.place(section.position) }
    }

    init(_ source: SourceFile, number: Int) {
        self.source = source
        self.number = number
        log = ProblemLog(file: source.name, fileNumber: number)
        root = Section([], at: Position(line: 1, column: 1), title: "this file", log: log)
        do throws(TOMLError) {
            root = Section(try TOMLReader.read(source.bytes), title: "this file", log: log)
            isTOML = true
        } catch {
            log.report(error.position, error.message)
            isTOML = false
        }
        keyrings = Self.namedTables("keyring", in: &root)
        profiles = Self.namedTables("profile", in: &root)
    }

    var isBroken: Bool { !log.problems.isEmpty }

    /// What the file's tables say, less what cannot be without something missing or wrong. Reports what is wrong.
    ///
    /// - Parameter known: The rings of all files.
    mutating func decode(_ known: KnownKeyrings) -> (server: ServerSettings, [KeyringSettings], [ProfileSettings]) {
        let server = decodeServer()
        let keyrings = keyrings.compactMap { table in
            var section = table.section
            return KeyringSettings(table.name, &section, directory: source.directory)
        }
        let profiles = profiles.compactMap { table in
            var section = table.section
            return ProfileSettings(table.name, &section, keyrings: known)
        }
        root.reportUnknownMembers(
            in: number == 0
                ? nil : "a file of profiles.d, which may hold [profile.NAME] and [keyring.NAME] tables only")
        return (server, keyrings, profiles)
    }

    private mutating func decodeServer() -> ServerSettings {
        var section = Section([], at: root.position, title: "[server]", log: log)
        // In a further file the table is unknown, and reported as such.
        if number == 0, let node = root.node("server") {
            if case .table(let table) = node.value {
                section = Section(table, title: "[server]", log: log)
            } else {
                root.report("server", "must be a table, written [server], found \(node.value.kind)")
            }
        }
        return ServerSettings(&section, directory: source.directory)
    }

    private static func namedTables(_ kind: String, in root: inout Section) -> [NamedTable] {
        guard let node = root.node(kind) else { return [] }
        guard case .table(let table) = node.value else {
            root.report(kind, "must be tables, written [\(kind).NAME], found \(node.value.kind)")
            return []
        }
        return table.members.compactMap { member in
            guard isName(member.key) else {
                root.log.report(
                    member.position,
                    "\(member.key.quoted) is no name for a \(kind): a-z, 0-9, '.', '_' and '-', a letter or digit first"
                )
                return nil
            }
            guard case .table(let table) = member.node.value else {
                root.log.report(
                    member.position,
                    "[\(kind).\(member.key.text)] must be a table, found \(member.node.value.kind); each \(kind) has a "
                        + "name, written [\(kind).NAME]")
                return nil
            }
            let section = Section(table, title: "[\(kind).\(member.key.text)]", log: root.log)
            return NamedTable(name: member.key, section: section)
        }
    }

    /// `[a-z0-9][a-z0-9._-]*`
    private static func isName(_ name: ByteString) -> Bool {
        for (offset, byte) in name.bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): continue
            case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): if offset == 0 { return false }
            default: return false
            }
        }
        return !name.bytes.isEmpty
    }
}
