internal import CSystemd
package import POSIX

/// The system's journal, by its own protocol (sd_journal_send(3)).
package enum Journal {
    /// Whether standard error goes to the journal: JOURNAL_STREAM names the device and the inode of the stream then
    /// (systemd.exec(5)).
    package static var takesStandardError: Bool {
        guard let named = ThisProcess.environment("JOURNAL_STREAM"),
            let status = try? FileStatus(of: StandardStream.error.duplicate())
        else { return false }
        return Array(named.utf8) == Array("\(status.device):\(status.inode)".utf8)
    }

    /// Sends one entry, and waits while the journal has no room.
    ///
    /// - Parameter fields: Where each `NAME=value` stands in `bytes`; names as the journal wants them, values of any bytes.
    package static func send(_ bytes: Span<UInt8>, fields: [Range<Int>]) throws(Errno) {
        // Reason: each vector lies within `bytes`, which live for the call, and are read only.
        let result = unsafe bytes.withUnsafeBytes { memory in
            let vectors = unsafe fields.map { field in
                unsafe iovec(
                    iov_base: UnsafeMutableRawPointer(
                        mutating: memory.baseAddress.map { unsafe $0 + field.lowerBound }),
                    iov_len: field.count)
            }
            return unsafe sd_journal_sendv(vectors, Int32(vectors.count))
        }
        if result < 0 { throw Errno(-result) }
    }
}
