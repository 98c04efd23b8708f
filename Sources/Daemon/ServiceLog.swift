internal import Logging
internal import Server
internal import SigningService
internal import StrictJSON

/// Log lines in the form that whoever reads them takes: `signetd: warning: …` on a stream, an entry with fields in the
/// journal. Where a message has metadata, they stand behind it as `name=value`.
///
/// Without a time of their own: journald and every supervisor stamp a line when they take it.
struct ServiceLog: LogHandler {
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.info
    private let form: LogLine.Form
    /// Takes each line whole.
    private let take: @Sendable ([UInt8]) -> Void

    /// Fields in the order in which lines show them. Others follow, by name.
    private static let order = [
        "time", "op", "uid", "unit", "pid", "profile", "code", "refusals", "lines", "reason",
    ]

    init(_ form: LogLine.Form, _ take: @escaping @Sendable ([UInt8]) -> Void) {
        self.form = form
        self.take = take
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        take(
            Self.line(form, event.level, event.message.description, metadata.merging(event.metadata ?? [:]) { $1 }))
    }

    static func line(
        _ form: LogLine.Form, _ level: Logger.Level, _ message: String, _ fields: Logger.Metadata = [:]
    ) -> [UInt8] {
        var fields = fields
        let event = fields.removeValue(forKey: Logger.eventKey).flatMap { ServiceEvent(rawValue: "\($0)") }
        var line = LogLine(form)
        line.begin(Array(message.utf8).span, level.priority, event)
        for name in order.filter({ fields[$0] != nil }) + fields.keys.filter({ !order.contains($0) }).sorted() {
            guard let value = fields[name] else { continue }
            line.add(Array(name.utf8).span, Array("\(value)".utf8).span)
        }
        var bytes: [UInt8] = []
        line.append(to: &bytes)
        return bytes
    }
}

extension Logger.Level {
    fileprivate var priority: LogLine.Priority {
        switch self {
        case .trace, .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        case .critical: .critical
        }
    }
}
