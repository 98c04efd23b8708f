internal import POSIX
internal import SigningService
internal import StrictJSON
internal import Systemd

/// Where the spool's lines go in the end.
protocol LogOutput: Sendable {
    /// What lines have to look like.
    var form: LogLine.Form { get }
    /// Who takes them, for a person.
    var reader: String { get }
    /// Writes what stands at the beginning of `lines`; how many bytes of it. Waits while there is no room.
    func write(_ lines: Span<UInt8>) throws(Errno) -> Int
}

/// A stream, such as standard error.
final class StreamOutput: LogOutput {
    private let descriptor: Descriptor
    let form = LogLine.Form.text
    let reader = "what reads standard error"
    /// Bytes written at once.
    private static let chunk = 1 << 16

    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

    func write(_ lines: Span<UInt8>) throws(Errno) -> Int {
        try descriptor.write(lines.extracting(..<min(lines.count, Self.chunk)))
    }
}

/// The system's journal.
final class JournalOutput: LogOutput {
    private let users: LocalUsers
    let form = LogLine.Form.journal
    let reader = "the journal"

    private static let identifier = Array("SYSLOG_IDENTIFIER=signetd".utf8)
    private static let userID = Array("SIGNET_UID=".utf8)
    private static let userName = Array("SIGNET_USER=".utf8)

    init(_ users: LocalUsers = LocalUsers()) { self.users = users }

    /// Sends one entry, and adds the name of its user, if the host has one for it.
    func write(_ lines: Span<UInt8>) throws(Errno) -> Int {
        let (fields, end) = LogLine.entry(at: 0, in: lines)
        var entry: [UInt8] = []
        entry.append(lines.extracting(..<end))
        var ranges = fields
        entry.append(Self.identifier, to: &ranges)
        for field in fields where entry[field].starts(with: Self.userID) {
            let digits = String(decoding: entry[field].dropFirst(Self.userID.count), as: UTF8.self)
            guard let uid = UInt32(digits), let name = users.name(of: uid) else { continue }
            entry.append(Self.userName + name, to: &ranges)
        }
        try Journal.send(entry.span, fields: ranges)
        return end
    }
}

extension Array where Element == UInt8 {
    fileprivate mutating func append(_ field: [UInt8], to ranges: inout [Range<Int>]) {
        ranges.append(count..<count + field.count)
        self += field
    }
}
