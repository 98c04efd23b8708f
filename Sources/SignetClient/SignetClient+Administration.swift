/// A key by its keyring and its id.
public struct KeyName: Equatable, Sendable {
    /// The keyring's name.
    public let keyring: String
    /// The key's id, as tokens name it (`kid`).
    public let keyID: String
}

/// What a reload changed.
public struct ReloadReport: Equatable, Sendable {
    /// Counts the times that the daemon's keys were loaded since it began.
    public let generation: Int64
    /// Keys that were not there before.
    public let added: [KeyName]
    /// Keys that are gone or revoked.
    public let removed: [KeyName]
    /// Keys that sign now and did not before.
    public let promoted: [KeyName]
    /// What the operator should hear.
    public let warnings: [String]
}

extension SignetClient {
    /// Asks the daemon how it is.
    ///
    /// - Parameter timeout: How long the call may take; nil: the client's timeout.
    /// - Returns: The answer's members, as `docs/protocol.md` describes them under `status`: admins get more than others.
    public func status(timeout: Duration? = nil) async throws(SignetError) -> JSON {
        try await perform(.status, timeout)
    }

    /// Has the daemon read its configuration and keys anew, all or nothing; for admins. Returns when every event loop
    /// serves by them.
    ///
    /// - Parameters:
    ///   - force: Accept that keys vanish which tokens still need.
    ///   - timeout: How long the call may take; nil: the client's timeout.
    /// - Throws: `reloadFailed` when anything is wrong: nothing has changed then.
    public func reload(force: Bool = false, timeout: Duration? = nil) async throws(SignetError) -> ReloadReport {
        try await perform(.reload(force: force), timeout)
    }
}
