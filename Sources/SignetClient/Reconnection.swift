/// Whether calls wait for a daemon that is not there, because it is being restarted or has not begun yet.
///
/// Who waits tries again after 5 ms, then after pauses twice as long each time up to half a second, less a random part,
/// until the call's deadline. A call that waited in vain ends with ``SignetError/unavailable(socketPath:reason:)``.
public enum Reconnection: Sendable {
    /// Calls never wait: an attempt that fails ends those that need it, with the reason.
    case never
    /// Calls wait if the client was connected before: a restart of the daemon is nothing but a delay, and a first call
    /// without a daemon says at once what is wrong.
    case onceConnected
    /// Calls always wait when there is no socket or nobody listens: for services that may start before the daemon does.
    case always
}
