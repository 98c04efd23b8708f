import StrictJSON

/// All configuration files while they are decoded together.
struct SettingsDecoding {
    /// One file and what it says.
    private struct Decoded {
        let file: FileDecoding
        let server: ServerSettings
        let keyrings: [KeyringSettings]
        let profiles: [ProfileSettings]
    }

    private let known: KnownKeyrings
    /// Those that count: nothing is wrong with any of them.
    private var sound: [Decoded]
    private var broken: Set<Int>
    private let files: [FileDecoding]
    private var problems: [ConfigurationProblem]

    /// - Parameter sources: The main file first.
    init(_ sources: [SourceFile], unreadable: [String]) {
        files = sources.enumerated().map { FileDecoding($1, number: $0) }
        let known = KnownKeyrings(files, unreadable: unreadable)
        self.known = known
        let decoded = files.map { file in
            var file = file
            let (server, keyrings, profiles) = file.decode(known)
            return Decoded(file: file, server: server, keyrings: keyrings, profiles: profiles)
        }
        Self.reportTwins(files, \.keyrings, "keyring")
        Self.reportTwins(files, \.profiles, "profile")
        let broken = Set(files.filter(\.isBroken).map(\.number))
        self.broken = broken
        sound = decoded.filter { !broken.contains($0.file.number) }
        problems = files.flatMap(\.log.problems)
        // A broken file's own clashes are told with the rest of it, but count against no sound file.
        problems += Self.clashes(decoded).filter { broken.contains($0.position.fileNumber) }
        removeClashingFiles()
    }

    /// A name that two files define breaks the later one, even if the earlier is broken otherwise: what a name means
    /// must not hang on whether another file is sound.
    private static func reportTwins(
        _ files: [FileDecoding], _ tables: KeyPath<FileDecoding, [FileDecoding.NamedTable]>, _ kind: String
    ) {
        var places: [ByteString: FilePosition] = [:]
        for file in files {
            for table in file[keyPath: tables] {
                guard let first = places[table.name] else {
                    places[table.name] = table.position
                    continue
                }
                file.log.report(
                    table.section.position,
                    "[\(kind).\(table.name.text)] is defined already, in \(first.file) at line \(first.line); "
                        + "rename or remove one of the two")
            }
        }
    }

    private static func clashes(_ files: [Decoded]) -> [ConfigurationProblem] {
        guard let main = files.first else { return [] }
        // Twins are told apart from clashes: the first of a name stands for it.
        var keyrings: Set<ByteString> = []
        var profiles: Set<ByteString> = []
        return CrossChecks(
            Settings(
                server: main.server,
                keyrings: files.flatMap(\.keyrings).filter { keyrings.insert($0.name).inserted },
                profiles: files.flatMap(\.profiles).filter { profiles.insert($0.name).inserted })
        ).problems
    }

    /// Of sound files that clash the later is broken; then those behind it may be sound without it.
    private mutating func removeClashingFiles() {
        while true {
            let clashes = Self.clashes(sound)
            guard let first = clashes.map(\.position.fileNumber).min() else { return }
            problems += clashes.filter { $0.position.fileNumber == first }
            broken.insert(first)
            sound.removeAll { $0.file.number == first }
        }
    }

    /// What counts, and what is wrong.
    ///
    /// - Throws: What is wrong, if the main file is broken.
    consuming func finished() throws(ConfigurationError) -> DecodedSettings {
        guard let main = sound.first, main.file.number == 0 else {
            throw ConfigurationError(problems: problems.sorted { $0.position < $1.position })
        }
        let keyrings = sound.flatMap(\.keyrings)
        let names = Set(keyrings.map(\.name))
        let profiles = sound.flatMap(\.profiles)
        problems += profiles.filter { !names.contains($0.keyring) }.map { profile in
            ConfigurationProblem(
                position: profile.position,
                message: "\(profile.title) cannot be served: its keyring \(profile.keyring.quoted) "
                    + known.absence(of: profile.keyring),
                suggestion: nil)
        }
        let settings = Settings(
            server: main.server, keyrings: keyrings, profiles: profiles.filter { names.contains($0.keyring) })
        let isWhole = problems.isEmpty && !known.hasUnreadableFiles
        return DecodedSettings(
            settings: settings, warnings: settings.warnings(main: main.file.source.name, isWhole: isWhole),
            problems: problems.sorted { $0.position < $1.position },
            brokenFiles: files.filter { broken.contains($0.number) }.map(\.source.name))
    }
}
