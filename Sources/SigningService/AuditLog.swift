/// What the log tells of requests, a line each.
package enum AuditScope: Sendable {
    case none
    /// Requests that are refused.
    case denied
    /// Those, and every signature.
    case all
}

/// Where the lines of signatures go. Shared by all workers.
package protocol AuditLog: AnyObject, Sendable {
    /// Whether more lines may come. Meanwhile nothing is signed whose signature would have a line.
    var hasRoom: Bool { get }
    /// What its reader takes.
    var form: LogLine.Form { get }
    /// Takes whole lines, as `LogLine` writes them in that form, and does not wait until they are written.
    func append(_ lines: [UInt8])
    /// What keeps lines from being written just now, for a person.
    var faults: [String] { get }
}
