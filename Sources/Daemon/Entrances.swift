internal import SignetConfiguration
internal import POSIX
internal import Server
internal import StrictJSON
internal import Systemd

/// Where the daemon is to be reached: at the sockets that the service manager passes, else at the one of its configuration.
///
/// The socket file is removed when its life ends, if the daemon bound it itself.
struct Entrances: ~Copyable {
    /// What the daemon bound itself.
    private var own: ListeningSocket?
    private var entrances: [Entrance]
    /// A line for each, for the log.
    let descriptions: [String]

    /// The name of a socket that is for admins (`FileDescriptorName=`): admins are served as such there only.
    private static let adminName: ByteString = "admin"
    private static let usualName: ByteString = "signet"
    /// What libsystemd calls a socket where nobody has told names.
    private static let nameless: ByteString = "unknown"
    /// A socket unit that says nothing passes its own name.
    private static let unitSuffix: ByteString = ".socket"

    init(_ settings: ServerSettings) throws {
        let passed = try PassedSocket.all()
        guard !passed.isEmpty else {
            var socket = try ListeningSocket.claim(
                settings.socketPath, mode: settings.socketMode, group: Self.group(settings))
            entrances = [Entrance(try socket.takeDescriptor(), servesAdmins: true)]
            descriptions = ["\(settings.socketPath) (mode 0\(String(settings.socketMode, radix: 8)))"]
            own = consume socket
            return
        }
        own = nil
        let names = passed.map { ByteString($0.name) }
        if let stranger = names.first(where: { !Self.knows($0) }) {
            throw StartError(
                message: "the service manager passes a socket named \(stranger.quoted): "
                    + "FileDescriptorName= is \(Self.adminName.text) or \(Self.usualName.text)")
        }
        guard !names.allSatisfy({ $0 == Self.adminName }) else {
            throw StartError(
                message: "the service manager passes no socket but for admins: "
                    + "one needs the FileDescriptorName= \(Self.usualName.text)")
        }
        let haveOneForAdmins = names.contains(Self.adminName)
        descriptions = zip(passed, names).map { socket, name in
            let path = UnixSocket.path(of: socket.descriptor) ?? "a socket without a path"
            return "\(path) (the service manager's\(name == Self.adminName ? ", for admins" : ""))"
        }
        entrances = zip(passed, names).map { socket, name in
            Entrance(
                Descriptor(owning: socket.descriptor), servesAdmins: !haveOneForAdmins || name == Self.adminName)
        }
    }

    /// The sockets, which are the caller's from now on.
    mutating func take() -> [Entrance] {
        defer { entrances = [] }
        return entrances
    }

    private static func knows(_ name: ByteString) -> Bool {
        name == adminName || name == usualName || name == nameless
            || name.bytes.suffix(unitSuffix.bytes.count) == unitSuffix.bytes[...]
    }

    private static func group(_ settings: ServerSettings) throws -> UInt32? {
        guard let name = settings.socketGroup else { return nil }
        if let gid = try UserDatabase.groupID(named: name.text) { return gid }
        throw StartError(message: "[server] socket_group: there is no group \(name.quoted); make it with groupadd")
    }
}
