package import Logging
package import SigningService

extension Logger {
    /// The name of the metadata that says what a line tells of; no field of the line.
    package static let eventKey = "event"

    /// Logs a line that tells of an event.
    package func log(
        _ event: ServiceEvent, _ level: Level, _ message: Message, metadata: Metadata = [:]
    ) {
        log(level: level, message, metadata: metadata.merging([Self.eventKey: "\(event.rawValue)"]) { $1 })
    }
}
