package import POSIX

/// Why the daemon cannot listen where it was told to.
package struct ListeningError: Error, Equatable, Sendable, CustomStringConvertible {
    package let path: String
    package let problem: String
    package var description: String { "\(path): \(problem)" }
}

/// The socket file that the daemon made itself: claimed by a lock, bound with its mode, removed at the end.
package struct ListeningSocket: ~Copyable, Sendable {
    private let lock: FileLock
    private let path: String
    /// nil when the server has taken it.
    private var descriptor: Descriptor?

    /// Connections that wait to be accepted.
    static let backlog: Int32 = 4096

    /// Claims `path` and listens there.
    ///
    /// A second daemon is refused; a stale socket file is replaced. Whoever holds `PATH.lock` decides, so two starting at
    /// once cannot both find the file stale.
    /// - Parameters:
    ///   - mode: Permission bits, in force before the first moment that anyone can connect.
    ///   - group: Owns the socket file; nil leaves the process's.
    package static func claim(
        _ path: String, mode: UInt32, group: UInt32?
    ) throws(ListeningError) -> ListeningSocket {
        guard path.utf8.count <= UnixSocket.longestPath else {
            throw ListeningError(
                path: path,
                problem: "a socket path is at most \(UnixSocket.longestPath) bytes, this has \(path.utf8.count)")
        }
        let lock = try takeLock(path)
        switch UnixSocket.probe(path) {
        case nil: throw ListeningError(path: path, problem: "another process listens there already")
        case Errno.noEntry?: break
        case Errno.connectionRefused?: try removeStaleSocket(path)
        case let error?: throw ListeningError(path: path, problem: "cannot be probed: \(error)")
        }
        do throws(Errno) {
            // With a group to come, nobody but the owner connects until the file has it.
            let descriptor = try UnixSocket.listen(at: path, mode: group == nil ? mode : 0o600, backlog: backlog)
            if let group { try UnixSocket.hand(path, to: group, mode: mode) }
            return ListeningSocket(lock: lock, path: path, descriptor: descriptor)
        } catch {
            throw ListeningError(path: path, problem: "cannot listen: \(error)")
        }
    }

    private init(lock: consuming FileLock, path: String, descriptor: consuming Descriptor) {
        self.lock = lock
        self.path = path
        self.descriptor = consume descriptor
    }

    /// The listening descriptor, which is the caller's from now on; EBADF when it was taken before.
    package mutating func takeDescriptor() throws(Errno) -> Descriptor {
        guard let taken = descriptor.take() else { throw .badDescriptor }
        return taken
    }

    deinit { try? UnixSocket.remove(path) }

    private static func takeLock(_ path: String) throws(ListeningError) -> FileLock {
        do throws(Errno) { return try FileLock(path: path + ".lock") } catch {
            throw ListeningError(path: path, problem: explain(lockFailure: error, path))
        }
    }

    private static func removeStaleSocket(_ path: String) throws(ListeningError) {
        do throws(Errno) {
            guard try FileStatus(path: path).isSocket else {
                throw Errno.exists
            }
            try UnixSocket.remove(path)
        } catch {
            let problem =
                error == .exists ? "exists and is no socket: remove it" : "stale socket cannot be removed: \(error)"
            throw ListeningError(path: path, problem: problem)
        }
    }

    private static func explain(lockFailure error: Errno, _ path: String) -> String {
        switch error {
        case .wouldBlock: "another signetd serves this path (it holds \(path).lock)"
        case .noEntry: "its directory \(FilePath.directory(of: path)) does not exist: make it first"
        case .accessDenied: "may not write in \(FilePath.directory(of: path)): \(error)"
        default: "cannot lock \(path).lock: \(error)"
        }
    }
}
