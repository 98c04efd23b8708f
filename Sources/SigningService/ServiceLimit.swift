/// The limits that callers meet, by the names of their settings: how often each was reached is told by `status`.
package enum ServiceLimit: String, CaseIterable, Sendable {
    case connections = "max_connections"
    case connectionsPerUser = "max_connections_per_user"
    case requestBytes = "max_request_bytes"
    case buffered = "max_buffered"
    case inFlight = "max_in_flight"
    case requestTimeout = "request_timeout"
    case writeTimeout = "write_timeout"
    case idleTimeout = "idle_timeout"
    /// Requests per second and user of an `allow` entry.
    case rate
    /// Lines per second and user that may be refused for what they say.
    case refusals
}
