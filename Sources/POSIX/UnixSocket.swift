internal import Glibc

/// A stream socket of the Unix domain.
package enum UnixSocket {
    /// The longest path that an address holds, in bytes: sun_path less its NUL.
    package static let longestPath = 107

    /// Whether the peer's bytes may be waited for.
    package enum Readiness: Sendable { case ready, timedOut }

    /// Connects to the socket at `path`, waiting at most `timeout` nanoseconds for room in its backlog.
    ///
    /// A stream socket of this domain never answers EINPROGRESS; a full backlog blocks for SO_SNDTIMEO, then EAGAIN.
    package static func connect(to path: String, timeout: UInt64) throws(Errno) -> Descriptor {
        let socket = try open(nonBlocking: false)
        try setSendTimeout(of: socket, timeout)
        let raw = socket.raw
        try unsafe withAddress(path) { address, length in
            // Reason: connect(2) reads the address, which lives for the call.
            unsafe Glibc.connect(raw, address, length)
        }
        return socket
    }

    /// What a connection attempt that does not wait says of the socket file at `path`; nil: somebody listens.
    ///
    /// ECONNREFUSED: a stale file. ENOENT: none. EAGAIN counts as nil: the backlog of a live daemon is full.
    package static func probe(_ path: String) -> Errno? {
        do throws(Errno) {
            let socket = try open(nonBlocking: true)
            let raw = socket.raw
            try unsafe withAddress(path) { address, length in unsafe Glibc.connect(raw, address, length) }
            return nil
        } catch {
            return error == .wouldBlock ? nil : error
        }
    }

    /// Binds and listens at `path` with these permission bits, which hold from the first moment on.
    package static func listen(at path: String, mode: UInt32, backlog: Int32) throws(Errno) -> Descriptor {
        let socket = try open(nonBlocking: true)
        let raw = socket.raw
        let previous = umask(~mode & 0o777)
        defer { umask(previous) }
        try unsafe withAddress(path) { address, length in unsafe Glibc.bind(raw, address, length) }
        try Errno.retrying { Glibc.listen(raw, backlog) }
        return socket
    }

    /// Sends bytes from `offset` on, as many as the kernel takes, without SIGPIPE.
    package static func send(_ bytes: Span<UInt8>, from offset: Int, to socket: borrowing Descriptor) throws(Errno)
        -> Int
    {
        let raw = socket.raw
        let rest = bytes.extracting(offset..<bytes.count)
        return try Errno.retrying {
            // Reason: send(2) reads `count` bytes of memory that lives for the call.
            unsafe rest.withUnsafeBufferPointer {
                unsafe Glibc.send(raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
        }
    }

    /// Waits until bytes or the end of the stream can be read, at most `timeout` milliseconds; nil waits without bound.
    package static func waitUntilReadable(_ socket: borrowing Descriptor, timeout: Int32?) throws(Errno) -> Readiness {
        var entry = pollfd(fd: socket.raw, events: Int16(POLLIN), revents: 0)
        // Reason: poll(2) reads and writes the one pollfd of this frame.
        let count = unsafe poll(&entry, 1, timeout ?? -1)
        if count < 0, errno != EINTR { throw .last }
        return count > 0 ? .ready : .timedOut
    }

    /// Ends both directions, so that a thread that waits on the socket wakes up. The descriptor stays open.
    package static func shutDown(_ socket: borrowing Descriptor) { _ = shutdown(socket.raw, Int32(SHUT_RDWR)) }

    /// Ends the sending direction.
    package static func endSending(_ socket: borrowing Descriptor) { _ = shutdown(socket.raw, Int32(SHUT_WR)) }

    private static func open(nonBlocking: Bool) throws(Errno) -> Descriptor {
        var kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        if nonBlocking { kind |= Int32(SOCK_NONBLOCK.rawValue) }
        return Descriptor(owning: try Errno.retrying { socket(AF_UNIX, kind, 0) })
    }

    private static func setSendTimeout(of socket: borrowing Descriptor, _ nanoseconds: UInt64) throws(Errno) {
        var time = timeval()
        time.tv_sec = Int(nanoseconds / 1_000_000_000)
        time.tv_usec = max(1, Int(nanoseconds % 1_000_000_000 / 1_000))
        let raw = socket.raw
        let length = socklen_t(MemoryLayout<timeval>.size)
        // Reason: setsockopt(2) reads one timeval of this frame.
        try Errno.retrying { unsafe setsockopt(raw, SOL_SOCKET, SO_SNDTIMEO, &time, length) }
    }

    /// Calls `body` with the address of `path`; EINTR repeats it.
    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(Errno) {
        guard path.utf8.count <= longestPath, !path.utf8.contains(0) else { throw .nameTooLong }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // Reason: the path and its NUL fit sun_path, as checked above.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        try Errno.retrying {
            // Reason: a sockaddr_un is passed as a sockaddr, as every call of the socket family wants it.
            unsafe withUnsafePointer(to: &address) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
            }
        }
    }
}

extension UnixSocket {
    /// Gives a socket file to a group, then its mode.
    package static func hand(_ path: String, to group: UInt32, mode: UInt32) throws(Errno) {
        // Reason: the path lives for each call; -1 leaves the owner as it is.
        try Errno.retrying { unsafe lchown(path, uid_t.max, group) }
        try Errno.retrying { unsafe chmod(path, mode) }
    }

    /// Sets the backlog of a socket that listens already.
    package static func listenAgain(_ socket: borrowing Descriptor, backlog: Int32) throws(Errno) {
        let raw = socket.raw
        try Errno.retrying { Glibc.listen(raw, backlog) }
    }

    /// The path that a socket is bound to; nil when there is none in a file system.
    package static func path(of socket: Int32) -> String? {
        var address = sockaddr_un()
        var length = socklen_t(MemoryLayout<sockaddr_un>.size)
        // Reason: getsockname(2) writes at most `length` bytes into the address of this frame, and a sockaddr_un is passed
        // as a sockaddr, as every call of the socket family wants it.
        let result = unsafe withUnsafeMutablePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(socket, $0, &length) }
        }
        guard result == 0, address.sun_family == sa_family_t(AF_UNIX) else { return nil }
        let bytes = unsafe withUnsafeBytes(of: &address.sun_path) { unsafe Array($0.prefix { $0 != 0 }) }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    /// Removes a socket file.
    package static func remove(_ path: String) throws(Errno) {
        try Errno.retrying { unsafe unlink(path) }
    }
}
