internal import Logging
internal import POSIX

/// Log lines in plain words on standard error: `signetd: warning: …`, one line each.
///
/// Without a time of its own: journald and every supervisor stamp the line when they take it.
struct PlainLog: LogHandler {
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = Array("signetd: ".utf8)
        if event.level >= .warning { line += Array("\(event.level.rawValue): ".utf8) }
        // Whatever a path or a name holds, a log line is one line.
        line += event.message.description.utf8.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: "?") : $0 }
        line.append(0x0A)
        try? StandardStream.error.write(line.span)
    }
}
