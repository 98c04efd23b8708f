internal import Glibc

/// The three streams that a process begins with.
package enum StandardStream: Int32, Sendable {
    case input = 0
    case output = 1
    case error = 2

    /// Holds the number of each stream that the process began without, so that no file or socket of its own gets it:
    /// what is meant for the stream would go there. To use it still fails, with EBADF.
    ///
    /// For the first statement of a program.
    package static func holdMissing() {
        for stream in [input, output, error] where fcntl(stream.rawValue, F_GETFD) < 0 {
            // The lowest number that is free is the stream's: those below it are taken.
            _ = unsafe open("/dev/null", stream == .input ? O_WRONLY : O_RDONLY)
        }
    }

    /// Whether a person sits at the other end.
    package var isTerminal: Bool { isatty(rawValue) == 1 }

    /// A descriptor of one's own for the stream, closed on exec; EBADF when the process began without the stream.
    package func duplicate() throws(Errno) -> Descriptor {
        Descriptor(owning: try Errno.retrying { fcntl(rawValue, F_DUPFD_CLOEXEC, 0) })
    }

    /// Writes all of `bytes`, waiting as long as it takes.
    package func write(_ bytes: Span<UInt8>) throws(Errno) {
        var offset = 0
        while offset < bytes.count {
            let rest = bytes.extracting(offset..<bytes.count)
            offset += try Errno.retrying {
                // Reason: write(2) reads `count` bytes of memory that lives for the call.
                unsafe rest.withUnsafeBufferPointer { unsafe Glibc.write(rawValue, $0.baseAddress, $0.count) }
            }
        }
    }

    /// Reads to the end; EFBIG when there are more than `limit` bytes.
    package func readAll(limit: Int) throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let chunk = try read(atMost: 16_384)
            if chunk.isEmpty { return bytes }
            bytes += chunk
            if bytes.count > limit { throw Errno(EFBIG) }
        }
    }

    /// Waits for bytes and returns those that are there; none at the end.
    package func read(atMost count: Int) throws(Errno) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        let length = try Errno.retrying {
            // Reason: read(2) writes at most `count` bytes into memory that lives for the call.
            unsafe span.withUnsafeMutableBufferPointer { unsafe Glibc.read(rawValue, $0.baseAddress, $0.count) }
        }
        bytes.removeLast(count - length)
        return bytes
    }

    /// The bytes that the stream has in all when it is a file; nil for pipes and terminals.
    package var size: Int? {
        guard let descriptor = try? duplicate(), let status = try? FileStatus(of: descriptor) else { return nil }
        return status.isRegularFile ? status.size : nil
    }
}
