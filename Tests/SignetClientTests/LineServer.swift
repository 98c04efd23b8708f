import Foundation
import Glibc
import POSIX
import Synchronization

/// A daemon by script: each connection is handed to the script, on a thread of its own.
final class LineServer: Sendable {
    let path: String
    private let directory: URL
    private let listener: Listener
    private let accepted = Mutex(0)

    /// How many connections were accepted so far.
    var connectionCount: Int { accepted.withLock { $0 } }

    /// A path for a server that comes later, in a directory that does not exist yet.
    static func newPath() -> String {
        let name = "signet-client-\(UUID().uuidString.prefix(8))"
        return FileManager.default.temporaryDirectory.appending(path: name).appending(path: "s").path
    }

    init(at path: String = newPath(), _ script: @escaping @Sendable (ServerConnection) -> Void) throws {
        self.path = path
        directory = URL(filePath: path).deletingLastPathComponent()
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        let listener = Listener(try listen(at: path))
        self.listener = listener
        _ = try POSIX.Thread { [weak self] in
            while true {
                var entry = pollfd(fd: listener.socket.raw, events: Int16(POLLIN), revents: 0)
                guard unsafe poll(&entry, 1, -1) > 0, entry.revents & Int16(POLLIN) != 0 else { return }
                let raw = accept(listener.socket.raw, nil, nil)
                guard raw >= 0 else {
                    if entry.revents & Int16(POLLHUP) != 0 { return }
                    continue
                }
                let connection = ServerConnection(Descriptor(owning: raw))
                guard let self else { return }
                accepted.withLock { $0 += 1 }
                _ = try? POSIX.Thread { script(connection) }
            }
        }
    }

    /// Closes the socket and removes it. Every test ends with it, which also keeps the server alive for so long.
    func stop() {
        shutdown(listener.socket.raw, Int32(SHUT_RDWR))
        try? FileManager.default.removeItem(at: directory)
    }
}

/// Listening sets the umask of the process for a moment: two at once would take each other's for what was there before.
private func listen(at path: String) throws -> Descriptor {
    try umaskTurn.withLock { _ in try UnixSocket.listen(at: path, mode: 0o600, backlog: 128) }
}
private let umaskTurn = Mutex(())

/// Leaves the file of a socket where nobody listens any more; returns when that is so. A process that another test begins
/// has what is open here until it runs its program.
func leaveStaleSocket(at path: String) throws {
    let stale = try listen(at: path)
    _ = consume stale
    while UnixSocket.probe(path) != .connectionRefused { usleep(1_000) }
}

/// The listening socket, kept open by the server and by the thread that accepts.
private final class Listener: Sendable {
    let socket: Descriptor
    init(_ socket: consuming Descriptor) { self.socket = socket }
}

/// One connection as the script sees it.
final class ServerConnection: Sendable {
    private let socket: Descriptor
    private let received = Mutex<[UInt8]>([])

    init(_ socket: consuming Descriptor) { self.socket = socket }

    /// The next request line without its LF; nil when the client has closed.
    func readLine() -> String? {
        while true {
            let line: String? = received.withLock { bytes in
                guard let end = bytes.firstIndex(of: 10) else { return nil }
                defer { bytes.removeSubrange(...end) }
                return String(decoding: bytes[..<end], as: UTF8.self)
            }
            if let line { return line }
            var chunk = [UInt8](repeating: 0, count: 65_536)
            var span = chunk.mutableSpan
            guard let count = try? socket.read(into: &span), count > 0 else { return nil }
            received.withLock { $0 += chunk[..<count] }
        }
    }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        var offset = 0
        while offset < bytes.count {
            guard let count = try? UnixSocket.send(bytes.span, from: offset, to: socket) else { return }
            offset += count
        }
    }

    /// Answers a ping of that id.
    func answerPing(_ line: String, version: String = "1") {
        send("{\"id\":\(requestID(line)),\"ok\":true,\"version\":\"\(version)\",\"protocol\":1}\n")
    }

    /// Answers pings until the client closes.
    func serve() { while let line = readLine() { answerPing(line) } }

    func close() { UnixSocket.shutDown(socket) }
}

/// The request's id, as text.
func requestID(_ line: String) -> String {
    guard let range = line.range(of: #"^\{"id":[0-9]+"#, options: .regularExpression) else { return "null" }
    return String(line[range].dropFirst(6))
}

/// Lets one side wait for the other.
final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    func open() { semaphore.signal() }
    func wait() { semaphore.wait() }
}
