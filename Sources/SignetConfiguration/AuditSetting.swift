import StrictJSON

/// `audit` in `[server]`: what the log tells of requests.
package enum AuditSetting: String, CaseIterable, Sendable {
    case none
    /// Requests that are refused.
    case denied
    /// Those, and every signature.
    case all
}

extension Section {
    mutating func audit() -> AuditSetting? {
        guard let name = string("audit") else { return nil }
        if let setting = AuditSetting.allCases.first(where: { ByteString($0.rawValue) == name }) { return setting }
        report(
            "audit", "must be \"denied\", \"all\" or \"none\", found \(name.quoted)",
            suggestion: suggestion(for: name, among: AuditSetting.allCases.map(\.rawValue)))
        return nil
    }
}
