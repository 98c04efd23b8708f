internal import Logging
internal import StrictJSON

/// Log lines in plain words: `signetd: warning: …`, one line each; where a message has metadata, `name=value` behind it.
///
/// Without a time of their own: journald and every supervisor stamp a line when they take it.
struct PlainLog: LogHandler {
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.info
    /// Takes each line, its LF included.
    private let take: @Sendable ([UInt8]) -> Void

    /// Fields in the order in which lines show them. Others follow, by name.
    private static let order = [
        "time", "op", "uid", "unit", "pid", "profile", "code", "refusals", "lines", "reason",
    ]

    init(_ take: @escaping @Sendable ([UInt8]) -> Void) { self.take = take }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        take(Self.line(event.level, event.message.description, metadata.merging(event.metadata ?? [:]) { $1 }))
    }

    static func line(_ level: Logger.Level, _ message: String, _ fields: Logger.Metadata = [:]) -> [UInt8] {
        var line = Array("signetd: ".utf8)
        if level >= .warning { line += Array("\(level.rawValue): ".utf8) }
        // Whatever a path or a name holds, a log line is one line.
        line += message.utf8.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: "?") : $0 }
        for name in order.filter({ fields[$0] != nil }) + fields.keys.filter({ !order.contains($0) }).sorted() {
            guard let value = fields[name] else { continue }
            line.append(UInt8(ascii: " "))
            line += Array(name.utf8)
            line.append(UInt8(ascii: "="))
            line.appendFieldValue(Array("\(value)".utf8))
        }
        line.append(0x0A)
        return line
    }
}
