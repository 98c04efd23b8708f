package import StrictJSON

/// Who asks, as far as policy knows: ids from the kernel, or names that an admin asks about (`explain` with `as`).
package struct Identity: Sendable, Equatable {
    /// The kernel's word at accept; nil for an identity of names.
    package let uid: UInt32?
    /// Primary group first, then the supplementary ones.
    package let gids: [UInt32]
    package let userName: ByteString?
    package let groupNames: [ByteString]
    /// The system unit that the caller ran in when it connected; nil: none, or none that is certain.
    package let unit: ByteString?
    /// Whether it came by a way that serves admins as such: false at another socket than theirs, where they have one.
    package let mayAdminister: Bool

    /// A caller, as the kernel recorded it when it connected.
    package init(
        uid: UInt32, gid: UInt32, supplementaryGroups: [UInt32], unit: ByteString? = nil, mayAdminister: Bool = true
    ) {
        self.uid = uid
        gids = [gid] + supplementaryGroups
        userName = nil
        groupNames = []
        self.unit = unit
        self.mayAdminister = mayAdminister
    }

    /// Somebody whom an admin names.
    package init(userName: ByteString?, groupNames: [ByteString], unit: ByteString? = nil) {
        uid = nil
        gids = []
        self.userName = userName
        self.groupNames = groupNames
        self.unit = unit
        mayAdminister = false
    }

    /// The uid that the kernel shows for a user it cannot map: anybody, so nobody (rule PEER-2).
    package static let overflowUID: UInt32 = 65_534

    /// Whether an id does not say who has it: systemd's dynamic users and groups (61184–65519), which others get later,
    /// the overflow id, and the 16-bit -1.
    package static func isRecycled(_ id: UInt32) -> Bool {
        61_184...65_519 ~= id || id == overflowUID || id == 65_535
    }

    /// Whether the kernel could tell who it is.
    package var isKnown: Bool { uid != Self.overflowUID }
}

/// A `users` or `groups` list, its names resolved to ids when it was loaded.
package struct NameList: Sendable, Equatable {
    /// As configured; `*` alone is everyone.
    package let names: [ByteString]
    /// What the names resolved to. An unknown name has no id, so it matches nobody.
    package let ids: [UInt32]
    package let isEveryone: Bool

    package init(names: [ByteString], ids: [UInt32]) {
        self.names = names
        self.ids = ids
        // Once: each request asks.
        isEveryone = names == ["*"]
    }

    func holdsUser(of identity: Identity) -> Bool {
        if isEveryone { return true }
        if let uid = identity.uid { return ids.contains(uid) }
        return identity.userName.map { names.contains($0) } ?? false
    }

    func holdsGroup(of identity: Identity) -> Bool {
        if isEveryone { return true }
        if identity.uid != nil { return identity.gids.contains { ids.contains($0) } }
        return identity.groupNames.contains { names.contains($0) }
    }
}

/// Who: within a list any, between lists all.
package struct Who: Sendable, Equatable {
    package let users: NameList?
    package let groups: NameList?
    /// Names of system units, whole and byte for byte.
    package let units: [ByteString]?

    package init(users: NameList?, groups: NameList?, units: [ByteString]? = nil) {
        self.users = users
        self.groups = groups
        self.units = units
    }

    /// Whether nothing but the unit tells callers apart: it has units, and neither groups nor users by name.
    package var restsOnUnitAlone: Bool { units != nil && groups == nil && users?.isEveryone ?? true }

    /// Whether each list that there is holds the identity. Without any list: nobody.
    package func includes(_ identity: Identity) -> Bool {
        identity.isKnown && hasLists && !excludes(identity, by: .users) && !excludes(identity, by: .groups)
            && !excludes(identity, by: .units)
    }

    enum List: CaseIterable { case users, groups, units }

    var hasLists: Bool { users != nil || groups != nil || units != nil }

    /// Whether that list is there and does not hold the identity.
    func excludes(_ identity: Identity, by list: List) -> Bool {
        switch list {
        case .users: users.map { !$0.holdsUser(of: identity) } ?? false
        case .groups: groups.map { !$0.holdsGroup(of: identity) } ?? false
        // A caller without a unit is in none.
        case .units: units.map { units in !(identity.unit.map { units.contains($0) } ?? false) } ?? false
        }
    }

    /// Whether users or groups hold the identity: how `[server] admin` reads, which names no units.
    package func includesByAnyList(_ identity: Identity) -> Bool {
        guard identity.isKnown else { return false }
        return users?.holdsUser(of: identity) ?? false || groups?.holdsGroup(of: identity) ?? false
    }
}
