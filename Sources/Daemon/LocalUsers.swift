internal import POSIX
internal import Synchronization

/// Names of the users in `/etc/passwd`, and of no others: a database elsewhere could keep the log waiting.
final class LocalUsers: Sendable {
    private let path: String
    private let known = Mutex(Known())

    private struct Known {
        var names: [UInt32: [UInt8]] = [:]
        /// As the file was when it was read.
        var status: FileStatus?
    }

    /// Bytes of a file that is read; one beyond is passed over.
    private static let largestFile = 1 << 20

    init(path: String = "/etc/passwd") { self.path = path }

    /// The name of a user; nil when the file has none, or cannot be read.
    func name(of uid: UInt32) -> [UInt8]? {
        known.withLock { known in
            let status = try? FileStatus(path: path)
            if status != known.status {
                known.names = names()
                known.status = status
            }
            return known.names[uid]
        }
    }

    /// `name:password:uid:…` a line; the first of a uid counts, as for getpwuid(3).
    private func names() -> [UInt32: [UInt8]] {
        guard let bytes = try? Descriptor.open(path, waits: false).readAll(limit: Self.largestFile) else { return [:] }
        var names: [UInt32: [UInt8]] = [:]
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: ":"), maxSplits: 3, omittingEmptySubsequences: false)
            guard fields.count > 2, !fields[0].isEmpty, let uid = UInt32(String(decoding: fields[2], as: UTF8.self))
            else { continue }
            if names[uid] == nil { names[uid] = Array(fields[0]) }
        }
        return names
    }
}
