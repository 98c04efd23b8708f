internal import CLinux

/// Waits for many sockets at once, each known by a number (epoll(7), level-triggered).
package struct EventPoll: ~Copyable {
    private let descriptor: Descriptor
    private var tags = [UInt64](repeating: 0, count: 64)
    private var ready = 0..<0

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

    /// Waits at most `timeout` milliseconds for any of them; `next` then tells which are ready.
    package mutating func wait(timeout: Int32) throws(Errno) {
        // Reason: at most `count` tags are written into the array, which lives for the call.
        let count = try Errno.check(unsafe clinux_epoll_wait(descriptor.raw, &tags, Int32(tags.count), timeout))
        ready = 0..<Int(count)
    }

    /// The number of the next socket that was found ready; nil when all have been told.
    package mutating func next() -> Int? {
        guard let index = ready.popFirst() else { return nil }
        return Int(tags[index])
    }
}
