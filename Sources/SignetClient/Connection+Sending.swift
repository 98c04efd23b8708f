internal import POSIX
internal import Synchronization

extension Connection {
    /// A buffer for output that has grown beyond this is given back, in bytes.
    private static let keptCapacity = 1 << 20

    /// Sends what has gathered until nothing is left or the kernel has no room. Only for the one who is the writer.
    func send(to socket: OpenSocket) {
        var bytes: [UInt8] = []
        var offset = 0
        state.withLock { state in
            swap(&bytes, &state.blocked.bytes)
            swap(&offset, &state.blocked.offset)
            state.handedBytes += UInt64(bytes.count - offset)
        }
        while true {
            let start = offset
            // Counted before the call: the daemon may read, answer and be gone before this thread goes on.
            do throws(Errno) {
                while offset < bytes.count {
                    offset += try sendBytes(bytes.span, offset..<bytes.count, socket.descriptor)
                }
            } catch {
                return stopSending(bytes, start..<offset, error, to: socket)
            }
            if bytes.capacity > Self.keptCapacity { bytes = [] } else { bytes.removeAll(keepingCapacity: true) }
            let isDone = state.withLock { state in
                state.blocked.since = 0
                offset = 0
                swap(&bytes, &state.outgoing)
                state.handedBytes += UInt64(bytes.count)
                if bytes.isEmpty {
                    // The buffer with the greater room stays, so that a busy connection allocates none.
                    if bytes.capacity > state.outgoing.capacity { swap(&bytes, &state.outgoing) }
                    state.writer = .nobody
                }
                return bytes.isEmpty
            }
            if isDone { return }
        }
    }

    /// Keeps the rest for the connection's thread when the kernel has no room; else sends nothing any more.
    private func stopSending(_ bytes: [UInt8], _ sent: Range<Int>, _ error: Errno, to socket: OpenSocket) {
        let isBlocked = error == .wouldBlock
        state.withLock { state in
            state.handedBytes -= UInt64(bytes.count - sent.upperBound)
            guard isBlocked else {
                // The daemon has closed, perhaps after a last answer, which is still to be read.
                if case .open = state.life { state.life = .retired }
                return
            }
            let hasMoved = !sent.isEmpty || state.blocked.since == 0
            let since = hasMoved ? SystemClock.monotonicNanoseconds() : state.blocked.since
            state.blocked = (bytes, sent.upperBound, since)
            state.writer = .connectionThread
        }
        if isBlocked { wakeUp.signal() } else { UnixSocket.endSending(socket.descriptor) }
    }
}
