internal import CLinux

/// Waits for many sockets at once, each known by a number (epoll(7), level-triggered).
package struct EventPoll: ~Copyable {
    private let descriptor: Descriptor
    private var tags = [UInt64](repeating: 0, count: 64)

    package init() throws(Errno) {
        descriptor = Descriptor(owning: try Errno.check(clinux_epoll_open()))
    }

    /// Waits for bytes of `socket` from now on.
    package func add(_ socket: borrowing Descriptor, tag: Int) throws(Errno) {
        try Errno.check(clinux_epoll_set(descriptor.raw, socket.raw, UInt64(tag), true, false))
    }

    /// Whether room to write is waited for too.
    package func change(_ socket: borrowing Descriptor, tag: Int, wantsWriting: Bool) throws(Errno) {
        try Errno.check(clinux_epoll_set(descriptor.raw, socket.raw, UInt64(tag), false, wantsWriting))
    }

    /// Waits at most `timeout` milliseconds, then calls `body` with the number of each socket that is ready.
    package mutating func wait(timeout: Int32, _ body: (Int) throws(Errno) -> Void) throws(Errno) {
        // Reason: at most `count` tags are written into the array, which lives for the call.
        let count = try Errno.check(unsafe clinux_epoll_wait(descriptor.raw, &tags, Int32(tags.count), timeout))
        for index in 0..<Int(count) { try body(Int(tags[index])) }
    }
}
