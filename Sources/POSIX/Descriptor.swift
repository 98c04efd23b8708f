internal import CLinux
internal import Glibc

/// An open file descriptor, owned: closed when its life ends.
package struct Descriptor: ~Copyable, Sendable {
    package let raw: Int32

    /// Takes ownership of an open descriptor.
    package init(owning raw: Int32) { self.raw = raw }

    deinit { close(raw) }

    /// Ends ownership without closing.
    package consuming func release() -> Int32 {
        let raw = raw
        discard self
        return raw
    }

    /// Another descriptor of the same open file, closed on exec.
    package func duplicate() throws(Errno) -> Descriptor {
        let raw = raw
        return Descriptor(owning: try Errno.retrying { fcntl(raw, F_DUPFD_CLOEXEC, 0) })
    }

    /// Opens a pipe, closed on exec: what is written to `input` is read from `output`. Both ends are the caller's to close.
    package static func openPipe() throws(Errno) -> (output: Int32, input: Int32) {
        var ends: [Int32] = [-1, -1]
        // Reason: pipe2(2) fills the two integers of this array.
        try Errno.check(unsafe clinux_pipe_open(&ends))
        return (ends[0], ends[1])
    }

    /// Reads into `buffer` from `offset` on, as many bytes as there are and fit; 0 at the end of the file or stream.
    package func read(into buffer: inout MutableSpan<UInt8>, from offset: Int = 0) throws(Errno) -> Int {
        let raw = raw
        precondition(offset >= 0 && offset <= buffer.count)
        return try Errno.retrying {
            // Reason: read(2) writes at most `count - offset` bytes into memory that lives for the call.
            unsafe buffer.withUnsafeMutableBufferPointer { bytes in
                unsafe Glibc.read(raw, bytes.baseAddress.map { unsafe $0 + offset }, bytes.count - offset)
            }
        }
    }

    /// Writes `bytes` from `offset` on, as many as the kernel takes.
    package func write(_ bytes: Span<UInt8>, from offset: Int = 0) throws(Errno) -> Int {
        let raw = raw
        let rest = bytes.extracting(offset..<bytes.count)
        return try Errno.retrying {
            // Reason: write(2) reads `count` bytes of memory that lives for the call.
            unsafe rest.withUnsafeBufferPointer { unsafe Glibc.write(raw, $0.baseAddress, $0.count) }
        }
    }

    /// Writes all of `bytes`, waiting as long as it takes.
    package func writeAll(_ bytes: Span<UInt8>) throws(Errno) {
        var offset = 0
        while offset < bytes.count { offset += try write(bytes, from: offset) }
    }
}
