internal import WireProtocol

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
    /// - Returns: The answer's members, as `docs/protocol.md` describes them under `status`: admins get more than others.
    public func status(timeout: Duration? = nil) async throws(SignetError) -> JSON {
        let whole = try await exchange(.status, timeout) { (response) throws(ResponseError) in response.whole }
        let members = (JSON(whole).members ?? []).filter { member in
            !["id", "ok"].contains { member.name.utf8.elementsEqual($0.utf8) }
        }
        return JSON(members: members)
    }

    /// Has the daemon read its configuration and keys anew, all or nothing; for admins. Returns when every event loop
    /// serves by them.
    ///
    /// - Parameter force: Accept that keys vanish which tokens still need.
    /// - Throws: `reloadFailed` when anything is wrong: nothing has changed then.
    public func reload(force: Bool = false, timeout: Duration? = nil) async throws(SignetError) -> ReloadReport {
        try await exchange(.reload(force: force), timeout) { (response) throws(ResponseError) in
            ReloadReport(
                generation: try response.integer("generation"), added: Self.keyNames(try response.array("added")),
                removed: Self.keyNames(try response.array("removed")),
                promoted: Self.keyNames(try response.array("promoted")),
                warnings: (JSON(try response.array("warnings")).elements ?? []).compactMap(\.string))
        }
    }

    private static func keyNames(_ array: CompactJSON) -> [KeyName] {
        (JSON(array).elements ?? []).map {
            KeyName(keyring: $0["keyring"]?.string ?? "", keyID: $0["kid"]?.string ?? "")
        }
    }
}
