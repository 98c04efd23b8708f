internal import SignetConfiguration
internal import HostConfiguration
internal import JOSE
internal import Keys
internal import POSIX
internal import StrictJSON

/// A keyring as a command works on it: its directory, and what the configuration and the daemon's state say of it.
struct NamedKeyring {
    let place: RingDirectory
    let knowledge: RingKnowledge
    /// nil: the directory alone is known.
    let algorithm: Algorithm?
    /// Where the daemon of the configuration listens; nil: the directory alone is known.
    let socketPath: String?

    /// Where the configuration is unless the command says otherwise.
    private static let standardConfiguration = "/etc/signet/signetd.toml"

    /// A ring of the configuration.
    private init(_ ring: KeyringSettings, _ settings: Settings, keks: [String], at now: Int64) {
        let credentials = ThisProcess.environment("CREDENTIALS_DIRECTORY")
        let configured = KEKFiles(keks.isEmpty ? settings.server.keks : [], credentials: credentials)
        place = RingDirectory(
            path: ring.directory, ring: ring.name, kekFiles: keks.isEmpty ? configured.paths : keks,
            missingKEKs: configured.failures)
        var history = KeyHistory()
        let state = settings.server.stateDirectory
        // The daemon's user is whose the state is.
        let owner = (try? FileStatus(path: state))?.owner ?? ThisProcess.userID
        do throws(KeyError) {
            history = try StateFile.peek(directory: state, user: owner, at: now) ?? history
        } catch { Output.complain(Output.printable(error.description)) }
        knowledge = RingKnowledge(
            verifierCache: ring.verifierCache, leeway: settings.leeway(ofKeyring: ring.name),
            longestLife: settings.longestLife(ofKeyring: ring.name) ?? KeyRecord.never,
            publishesItself: ring.publish != nil, history: history)
        algorithm = ring.algorithm
        socketPath = settings.server.socketPath
    }

    /// A directory, whatever the configuration says.
    private init(directory: String, called name: String?, keks: [String]) {
        place = RingDirectory(
            path: directory, ring: ByteString(name ?? Self.lastPart(of: directory)), kekFiles: keks)
        knowledge = .none
        algorithm = nil
        socketPath = nil
    }

    /// The ring that a person means: by its name in the configuration, else by its directory; a slash makes it one.
    static func find(
        _ text: String, called name: String? = nil, _ configuration: ConfigurationOption, keks: [String], at now: Int64
    ) throws(Failure) -> NamedKeyring {
        let isPath = text.utf8.contains(UInt8(ascii: "/"))
        guard !isPath, name == nil, let (settings, path) = try settings(configuration, isRequired: false) else {
            return NamedKeyring(directory: text, called: name, keks: keks)
        }
        if let ring = settings.keyrings.first(where: { $0.name == ByteString(text) }) {
            return NamedKeyring(ring, settings, keks: keks, at: now)
        }
        if (try? FileStatus(path: text))?.isDirectory == true {
            return NamedKeyring(directory: text, called: nil, keks: keks)
        }
        let known = settings.keyrings.map { $0.name.text }.joined(separator: ", ")
        throw Failure(
            "\(path) has no keyring '\(Output.printable(text))', only: \(known); and there is no such directory")
    }

    /// Every ring of the configuration.
    static func all(
        _ configuration: ConfigurationOption, keks: [String], at now: Int64
    ) throws(Failure) -> [NamedKeyring] {
        guard let (settings, _) = try settings(configuration, isRequired: true) else { return [] }
        return settings.keyrings.map { NamedKeyring($0, settings, keks: keks, at: now) }
    }

    /// What the configuration says, as far as it is sound; nil: there is none, and none is required.
    private static func settings(
        _ configuration: ConfigurationOption, isRequired: Bool
    ) throws(Failure) -> (Settings, path: String)? {
        let path = configuration.config ?? standardConfiguration
        if configuration.config == nil, !isRequired, (try? FileStatus(path: path)) == nil { return nil }
        do throws(ConfigurationFiles.Failure) {
            // Root takes the word of whoever the configuration belongs to: the daemon's user, or root.
            let owner = (try? FileStatus(path: path))?.owner ?? 0
            let user = ThisProcess.userID == 0 ? owner : ThisProcess.userID
            let reading = try ConfigurationFiles(path: path, user: user).read()
            for problem in reading.problems { Output.complain(Output.printable(problem)) }
            return (reading.settings, path)
        } catch {
            throw Failure(error.problems.map { Output.printable($0) }.joined(separator: "\nsignet: "))
        }
    }

    /// The directory's own name, whatever way leads there.
    private static func lastPart(of path: String) -> String {
        let parts = path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        if let last = parts.last, last != ".", last != ".." { return last }
        return (try? FilePath.real(path)).map(FilePath.name) ?? path
    }
}
