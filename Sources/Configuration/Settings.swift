import StrictJSON
import TOML

/// What one configuration file says, checked. Names of users and groups are not resolved, and no other file is read.
package struct Settings: Equatable, Sendable {
    package let server: ServerSettings
    /// In the order of the file. Names differ.
    package let keyrings: [KeyringSettings]
    /// In the order of the file. Names differ.
    package let profiles: [ProfileSettings]
}

extension Settings {
    /// Decodes a configuration file.
    ///
    /// - Parameters:
    ///   - bytes: The file's content.
    ///   - file: Its name, for messages.
    ///   - directory: Its directory; relative paths in the file are below it.
    /// - Returns: The settings, and what is allowed but probably not meant, each as `FILE:LINE:COLUMN: message`.
    /// - Throws: All problems that can be found, at least one; of a file that is no TOML only the first.
    package static func decode(
        _ bytes: [UInt8], file: String, directory: String
    ) throws(ConfigurationError) -> (settings: Settings, warnings: [String]) {
        let log = ProblemLog(file: file)
        var root: Section
        do throws(TOMLError) {
            root = Section(try TOMLReader.read(bytes), title: "this file", log: log)
        } catch {
            let place = log.place(error.position)
            throw ConfigurationError(
                problems: [ConfigurationProblem(position: place, message: error.message, suggestion: nil)])
        }
        let server = decodeServer(&root, directory: directory)
        let rings = namedTables("keyring", in: &root)
        let keyrings = rings.compactMap { name, section in
            var section = section
            return KeyringSettings(name, &section, directory: directory)
        }
        let ringNames = Set(rings.map(\.name))
        let profiles = namedTables("profile", in: &root).compactMap { name, section in
            var section = section
            return ProfileSettings(name, &section, keyrings: ringNames)
        }
        root.reportUnknownMembers()
        let settings = Settings(server: server, keyrings: keyrings, profiles: profiles)
        settings.reportSharedDirectories(to: log)
        settings.reportForgeableProfiles(to: log)
        settings.reportMixedContents(to: log)
        try log.throwProblems()
        settings.warn(in: log)
        return (settings, log.warnings)
    }

    private static func decodeServer(_ root: inout Section, directory: String) -> ServerSettings {
        var section = Section([], at: root.position, title: "[server]", log: root.log)
        switch root.node("server")?.value {
        case .table(let table)?: section = Section(table, title: "[server]", log: root.log)
        case let other?: root.report("server", "must be a table, written [server], found \(other.kind)")
        case nil: break
        }
        return ServerSettings(&section, directory: directory)
    }

    /// The tables `[KIND.NAME]`, in the order of the file, whose names are sound.
    private static func namedTables(
        _ kind: String, in root: inout Section
    ) -> [(name: ByteString, section: Section)] {
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
            return (member.key, Section(table, title: "[\(kind).\(member.key.text)]", log: root.log))
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
