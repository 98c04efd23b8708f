import StrictJSON

/// What keeps an entry from being for somebody: said to admins alone (rule PEER-1).
enum Mismatch: Equatable {
    case operation
    /// The kernel could not tell who it is.
    case unknownCaller
    /// The entry names nobody.
    case noLists
    case list(Who.List)
}

extension AllowEntry {
    /// Everything that keeps the entry from being for this caller and operation; nothing exactly when it `concerns` them.
    func mismatches(with identity: Identity, _ permission: Permission) -> [Mismatch] {
        var mismatches: [Mismatch] = []
        if !permissions.contains(permission) { mismatches.append(.operation) }
        if !identity.isKnown { mismatches.append(.unknownCaller) }
        if !who.hasLists { mismatches.append(.noLists) }
        for list in Who.List.allCases where who.excludes(identity, by: list) { mismatches.append(.list(list)) }
        return mismatches
    }
}

extension Profile {
    /// More entries are counted, not told one by one.
    private static let mostExplained = 20

    /// Why no entry is for a caller and an operation, entry by entry: for a person, on one line.
    package func mismatches(with identity: Identity, _ permission: Permission) -> String {
        if allow.isEmpty { return "the profile has no allow entry" }
        var reasons = allow.prefix(Self.mostExplained).compactMap { entry -> String? in
            let mismatches = entry.mismatches(with: identity, permission)
            if mismatches.isEmpty { return nil }
            let texts = mismatches.map { $0.text(identity, permission) }
            return "entry \(entry.number) (\(entry.source.text)): \(texts.joined(separator: ", "))"
        }
        let more = allow.count - Self.mostExplained
        if more > 0 { reasons.append("and \(more) more entries") }
        return reasons.joined(separator: "; ")
    }
}

extension Mismatch {
    fileprivate func text(_ identity: Identity, _ permission: Permission) -> String {
        switch self {
        case .operation: "it is not for \(permission.rawValue)"
        case .unknownCaller: "the kernel could not tell who asks"
        case .noLists: "it names nobody"
        case .list(.users):
            if let uid = identity.uid {
                "uid \(uid) is not in users"
            } else if let name = identity.userName {
                "user \(name.quoted) is not in users"
            } else {
                "user is none"
            }
        case .list(.groups):
            identity.gids.isEmpty && identity.groupNames.isEmpty ? "groups are none" : "none of the groups is in groups"
        case .list(.units): identity.unit.map { "unit \($0.quoted) is not in units" } ?? "unit is none"
        }
    }
}
