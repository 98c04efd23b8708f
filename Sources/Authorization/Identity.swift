package import StrictJSON

/// Who asks, as far as policy knows: ids from the kernel, or names that an admin asks about (`explain` with `as`).
package struct Identity: Sendable, Equatable {
    /// The kernel's word at accept; nil for an identity of names.
    package let uid: UInt32?
    /// Primary group first, then the supplementary ones.
    package let gids: [UInt32]
    package let userName: ByteString?
    package let groupNames: [ByteString]

    /// A caller, as the kernel recorded it when it connected.
    package init(uid: UInt32, gid: UInt32, supplementaryGroups: [UInt32]) {
        self.uid = uid
        gids = [gid] + supplementaryGroups
        userName = nil
        groupNames = []
    }

    /// Somebody whom an admin names.
    package init(userName: ByteString?, groupNames: [ByteString]) {
        uid = nil
        gids = []
        self.userName = userName
        self.groupNames = groupNames
    }

    /// The uid that the kernel shows for a user it cannot map: anybody, so nobody (rule PEER-2).
    package static let overflowUID: UInt32 = 65_534

    /// Whether the kernel could tell who it is.
    package var isKnown: Bool { uid != Self.overflowUID }
}

/// A `users` or `groups` list, its names resolved to ids when it was loaded.
package struct NameList: Sendable, Equatable {
    /// As configured; `*` alone is everyone.
    package let names: [ByteString]
    /// What the names resolved to. An unknown name has no id, so it matches nobody.
    package let ids: [UInt32]
    package var isEveryone: Bool { names == ["*"] }

    package init(names: [ByteString], ids: [UInt32]) {
        self.names = names
        self.ids = ids
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

    package init(users: NameList?, groups: NameList?) {
        self.users = users
        self.groups = groups
    }

    /// Whether each list that there is holds the identity. Without any list: nobody.
    package func includes(_ identity: Identity) -> Bool {
        guard identity.isKnown, users != nil || groups != nil else { return false }
        if let users, !users.holdsUser(of: identity) { return false }
        if let groups, !groups.holdsGroup(of: identity) { return false }
        return true
    }

    /// Whether any of the lists holds the identity: how `[server] admin` reads.
    package func includesByAnyList(_ identity: Identity) -> Bool {
        guard identity.isKnown else { return false }
        return users?.holdsUser(of: identity) ?? false || groups?.holdsGroup(of: identity) ?? false
    }
}
