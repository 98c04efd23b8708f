package import StrictJSON

/// What the system's database says of one user. nil: it says nothing of that.
package struct Account: Equatable, Sendable {
    package let userName: ByteString?
    package let uid: UInt32?
    /// Of the primary group.
    package let groupName: ByteString?
    package let gid: UInt32?

    package init(userName: ByteString?, uid: UInt32?, groupName: ByteString?, gid: UInt32?) {
        self.userName = userName
        self.uid = uid
        self.groupName = groupName
        self.gid = gid
    }

    /// Whether nothing is missing.
    package var isWhole: Bool { userName != nil && uid != nil && groupName != nil && gid != nil }

    /// What an account is looked up by.
    package enum Key: Hashable, Sendable {
        /// A caller's user and primary group.
        case ids(uid: UInt32, gid: UInt32)
        /// A user whom an admin names.
        case userName(ByteString)

        /// nil: of that identity there is nothing to look up.
        package init?(_ identity: Identity) {
            if let uid = identity.uid, let gid = identity.gids.first {
                self = .ids(uid: uid, gid: gid)
            } else if let name = identity.userName {
                self = .userName(name)
            } else {
                return nil
            }
        }
    }
}
