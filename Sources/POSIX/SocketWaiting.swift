internal import Glibc

extension UnixSocket {
    /// What a wait ended with; none of it when the time was over.
    package struct Events: Equatable, Sendable {
        /// Bytes, the end of the stream or an error can be read.
        package let isReadable: Bool
        /// The kernel has room for more bytes.
        package let isWritable: Bool
    }

    /// Waits for the socket, for `wakeUp`, or until `deadline`, whichever is first.
    ///
    /// - Parameters:
    ///   - wantsWriting: Whether room for more bytes is waited for too.
    ///   - deadline: On the clock of `SystemClock.monotonicNanoseconds()`; `.max` waits without bound.
    package static func wait(
        for socket: borrowing Descriptor, or wakeUp: borrowing WakeUp, wantsWriting: Bool, until deadline: UInt64
    ) throws(Errno) -> Events {
        let timeout = SystemClock.milliseconds(until: deadline)
        var entries: InlineArray<2, pollfd> = [
            pollfd(fd: socket.raw, events: Int16(wantsWriting ? POLLIN | POLLOUT : POLLIN), revents: 0),
            pollfd(fd: wakeUp.event.raw, events: Int16(POLLIN), revents: 0),
        ]
        var span = entries.mutableSpan
        // Reason: poll(2) reads and writes the two entries of this frame.
        let count = unsafe span.withUnsafeMutableBufferPointer { unsafe poll($0.baseAddress, 2, timeout) }
        if count < 0, errno != EINTR { throw .last }
        guard count > 0 else { return Events(isReadable: false, isWritable: false) }
        if entries[1].revents != 0 { wakeUp.clear() }
        let found = Int32(entries[0].revents)
        return Events(
            isReadable: found & (POLLIN | POLLHUP | POLLERR | POLLNVAL) != 0, isWritable: found & POLLOUT != 0)
    }

    /// Waits for the socket alone, until `deadline`; 0 only looks.
    package static func wait(
        for socket: borrowing Descriptor, reading: Bool, writing: Bool, until deadline: UInt64
    ) throws(Errno) -> Events {
        let events = (reading ? POLLIN : 0) | (writing ? POLLOUT : 0)
        var entry = pollfd(fd: socket.raw, events: Int16(events), revents: 0)
        // Reason: poll(2) reads and writes the one entry of this frame.
        let count = unsafe poll(&entry, 1, SystemClock.milliseconds(until: deadline))
        if count < 0, errno != EINTR { throw .last }
        let found = count > 0 ? Int32(entry.revents) : 0
        return Events(
            isReadable: found & (POLLIN | POLLHUP | POLLERR | POLLNVAL) != 0, isWritable: found & POLLOUT != 0)
    }

    /// Sends the bytes at `range`, as many as the kernel has room for at once, without SIGPIPE; EAGAIN for none.
    package static func sendWithoutWaiting(
        _ bytes: Span<UInt8>, _ range: Range<Int>, to socket: borrowing Descriptor
    ) throws(Errno) -> Int {
        let raw = socket.raw
        let rest = bytes.extracting(range)
        return try Errno.retrying {
            // Reason: send(2) reads `count` bytes of memory that lives for the call.
            unsafe rest.withUnsafeBufferPointer {
                unsafe Glibc.send(raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
        }
    }

    /// Receives at most `buffer.count - offset` bytes that are there already; 0 at the end of the stream, EAGAIN when
    /// there are none.
    package static func receiveWithoutWaiting(
        into buffer: inout MutableSpan<UInt8>, from offset: Int, of socket: borrowing Descriptor
    ) throws(Errno) -> Int {
        let raw = socket.raw
        precondition(offset >= 0 && offset < buffer.count)
        return try Errno.retrying {
            // Reason: recv(2) writes at most `count - offset` bytes into memory that lives for the call.
            unsafe buffer.withUnsafeMutableBufferPointer { bytes in
                unsafe recv(
                    raw, bytes.baseAddress.map { unsafe $0 + offset }, bytes.count - offset, Int32(MSG_DONTWAIT))
            }
        }
    }
}
