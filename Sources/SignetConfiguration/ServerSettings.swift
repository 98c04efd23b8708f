package import StrictJSON
import TOML
import WireProtocol

/// `[server]`: the socket, its limits, and who administers.
package struct ServerSettings: Equatable, Sendable {
    /// Where the daemon listens unless systemd passes the socket.
    package let socketPath: String
    /// Permission bits of the socket, at most 0o777.
    package let socketMode: UInt32
    /// The group that the socket belongs to; nil: the daemon's own.
    package let socketGroup: ByteString?
    /// Directory of what must outlive a restart.
    package let stateDirectory: String
    /// Whether the file names the directory: one that is missing is the operator's slip then.
    package let isStateDirectorySet: Bool
    package let maxConnections: Int
    package let maxConnectionsPerUser: Int
    /// Bytes of unfinished lines and unread answers of all connections; a quarter of them of one user's.
    package let maxBuffered: Int
    /// Requests that may wait for cryptography away from the loops; a quarter of them of one user.
    package let maxInFlight: Int
    /// Longest request line in bytes, its LF included.
    package let maxRequestBytes: Int
    /// Longest token that is signed, in bytes.
    package let maxTokenBytes: Int
    /// From a line's first byte to its LF, while the daemon reads.
    package let requestTimeout: Duration
    /// Answers left unread for so long: the connection is closed.
    package let writeTimeout: Duration
    /// A connection silent for so long is closed.
    package let idleTimeout: Duration
    /// From SIGTERM to the end, at most.
    package let stopTimeout: Duration
    /// Bytes that the memory of signatures found right may grow to; 0: there is none.
    package let verifyCache: Int
    /// Size of the locked memory for keys, in bytes.
    package let lockedMemory: Int
    /// What the log tells of requests.
    package private(set) var audit: AuditSetting
    /// Key-encryption keys that open sealed keys. None: there are no sealed keys.
    package private(set) var keks: [KEKSource]
    /// Names of the users that administer. Resolved elsewhere.
    package private(set) var adminUsers: [ByteString]
    /// Names of the groups whose members administer.
    package private(set) var adminGroups: [ByteString]

    /// Whether all settings but those of administrators, KEKs and audit are the same: what a daemon begins with and keeps.
    package func begins(as other: ServerSettings) -> Bool {
        var copy = other
        (copy.adminUsers, copy.adminGroups, copy.keks, copy.audit) = (adminUsers, adminGroups, keks, audit)
        return copy == self
    }
}

extension ServerSettings {
    /// Longest path that `sun_path` of unix(7) holds with its NUL, in bytes.
    static let longestSocketPath = 107
    /// Where packages and systemd put what a service keeps.
    private static let defaultStateDirectory = "/var/lib/signet"
    private static let mebibyte: Int64 = 1 << 20
    /// A timeout of less than a second would cut honest peers; one of more than a day is none.
    private static let timeouts: ClosedRange<Int64> = 1...86_400
    /// Fewest bytes in which any token fits.
    private static let smallestTokenBytes = 256
    private static let mostConnections = 1_000_000
    private static let largestVerifyCache: Int64 = 1 << 30
    private static let defaultConnectionsPerUser = 512

    /// - Parameter directory: That of the configuration file.
    init(_ section: inout Section, directory: String) {
        socketPath = Self.socketPath(&section, directory: directory)
        socketMode = Self.socketMode(&section) ?? 0o660
        socketGroup = section.name("socket_group")
        let stateDirectory = section.name("state_directory")?.text
        self.stateDirectory = resolve(stateDirectory ?? Self.defaultStateDirectory, in: directory)
        isStateDirectorySet = stateDirectory != nil
        maxConnections = section.integer("max_connections", in: 1...Self.mostConnections) ?? 4_096
        maxConnectionsPerUser =
            section.integer("max_connections_per_user", in: 1...maxConnections)
            ?? min(Self.defaultConnectionsPerUser, maxConnections)
        maxBuffered = Int(section.size("max_buffered", in: Self.mebibyte...1 << 40) ?? 64 * Self.mebibyte)
        maxInFlight = section.integer("max_in_flight", in: 4...Self.mostConnections) ?? 4_096
        maxRequestBytes =
            section.integer("max_request_bytes", in: Limits.smallestRequestBytes...Limits.largestRequestBytes)
            ?? Limits.defaultRequestBytes
        let largestToken = maxRequestBytes - Limits.tokenHeadroom
        maxTokenBytes = section.integer("max_token_bytes", in: Self.smallestTokenBytes...largestToken) ?? largestToken
        requestTimeout = .seconds(section.duration("request_timeout", in: Self.timeouts) ?? 2)
        writeTimeout = .seconds(section.duration("write_timeout", in: Self.timeouts) ?? 30)
        idleTimeout = .seconds(section.duration("idle_timeout", in: Self.timeouts) ?? 600)
        stopTimeout = .seconds(section.duration("stop_timeout", in: Self.timeouts) ?? 10)
        verifyCache = Int(section.size("verify_cache", in: 0...Self.largestVerifyCache) ?? 8 * Self.mebibyte)
        lockedMemory = Int(
            section.size("locked_memory", in: Self.mebibyte...256 * Self.mebibyte) ?? 4 * Self.mebibyte)
        audit = section.audit() ?? .denied
        keks = (section.strings("kek", mayBeEmpty: true, fault: KEKSource.fault) ?? [])
            .compactMap { KEKSource($0, directory: directory) }
        (adminUsers, adminGroups) = Self.administrators(&section)
        section.reportUnknownMembers()
    }

    private static func socketPath(_ section: inout Section, directory: String) -> String {
        let path = resolve(section.name("socket")?.text ?? Limits.defaultSocketPath, in: directory)
        if path.utf8.count > longestSocketPath {
            section.report(
                "socket",
                "is \(path.utf8.count) bytes long as \"\(path)\"; a socket's path has at most \(longestSocketPath)")
        }
        return path
    }

    private static func socketMode(_ section: inout Section) -> UInt32? {
        guard let text = section.string("socket_mode") else { return nil }
        let expected = "must be octal digits of at most 0777 in quotation marks, such as \"0660\", found \(text.quoted)"
        var mode: UInt32 = 0
        for byte in text.bytes {
            guard UInt8(ascii: "0")...UInt8(ascii: "7") ~= byte, mode <= 0o77 else {
                section.report("socket_mode", expected)
                return nil
            }
            mode = mode << 3 | UInt32(byte - UInt8(ascii: "0"))
        }
        guard !text.bytes.isEmpty else {
            section.report("socket_mode", expected)
            return nil
        }
        return mode
    }

    private static func administrators(_ section: inout Section) -> (users: [ByteString], groups: [ByteString]) {
        let root: [ByteString] = ["root"]
        guard let node = section.node("admin") else { return (root, []) }
        guard case .table(let table) = node.value else {
            section.report(
                "admin", "must be a table such as { users = [\"root\"] }, found \(node.value.kind)")
            return (root, [])
        }
        var admin = Section(table, title: "[server.admin]", log: section.log)
        let users = admin.strings("users") ?? root
        let groups = admin.strings("groups") ?? []
        for (name, list) in [("users", users), ("groups", groups)] where list.contains("*") {
            admin.report(name, "must name each one; \"*\" would make everyone an administrator")
        }
        admin.reportUnknownMembers()
        return (users, groups)
    }
}
