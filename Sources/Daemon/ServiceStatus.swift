/// The daemon's state in words: the line of `systemctl status`.
struct ServiceStatus {
    let keyrings: Int
    let keys: Int
    let profiles: Int
    /// Of the snapshot that is served.
    let generation: Int64
    /// The first problem of the last reload; nil: it succeeded, or there was none.
    let reloadProblem: String?
    /// What is left out, or goes wrong just now.
    let faults: [String]

    /// Bytes of a problem that are shown: systemd drops a message of more than 4,096 (its NOTIFY_BUFFER_MAX).
    private static let longestProblem = 500

    /// `3 keyrings, 5 keys, 2 profiles; generation 4`, and what is wrong. Always one line.
    var line: String {
        var line = "\(Self.count(keyrings, "keyring")), \(Self.count(keys, "key")), "
        line += "\(Self.count(profiles, "profile")); generation \(generation)"
        if let reloadProblem { line += "; last reload failed: \(Self.excerpt(reloadProblem))" }
        if let fault = faults.first {
            line += "; degraded: \(Self.excerpt(fault))"
            if faults.count > 1 { line += " (and \(faults.count - 1) more)" }
        }
        return line
    }

    private static func count(_ number: Int, _ noun: String) -> String {
        number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
    }

    /// Without control characters, whatever a path holds: after a line feed the service manager would read orders.
    private static func excerpt(_ problem: String) -> String {
        var excerpt = String.UnicodeScalarView()
        var room = longestProblem
        for scalar in problem.unicodeScalars {
            let shown = scalar.properties.generalCategory == .control ? "?" : scalar
            room -= UTF8.width(shown)
            if room < 0 { return String(excerpt) + "…" }
            excerpt.append(shown)
        }
        return String(excerpt)
    }
}
