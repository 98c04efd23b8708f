internal import CLinux

/// Users and groups as the system's database knows them (nsswitch.conf). May ask a network: never on an event loop.
package enum UserDatabase {
    /// Longest user name that is taken, in bytes.
    private static let longestName = 256

    /// The uid of that name; nil for an unknown one.
    package static func userID(named name: String) throws(Errno) -> UInt32? {
        var uid: UInt32 = 0
        // Reason: the name lives for the call, which fills one integer of this frame; so below.
        return try Errno.check(unsafe clinux_user_id(name, &uid)) == 1 ? uid : nil
    }

    /// The name of a uid; nil for an unknown one.
    package static func userName(of uid: UInt32) throws(Errno) -> String? {
        var name = [CChar](repeating: 0, count: longestName)
        guard try Errno.check(unsafe clinux_user_name(uid, &name, longestName)) == 1 else { return nil }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The gid of that name; nil for an unknown one.
    package static func groupID(named name: String) throws(Errno) -> UInt32? {
        var gid: UInt32 = 0
        return try Errno.check(unsafe clinux_group_id(name, &gid)) == 1 ? gid : nil
    }

    /// Whether the group lists members. Users whose primary group it is are not listed.
    package static func hasListedMembers(group gid: UInt32) throws(Errno) -> Bool {
        try Errno.check(clinux_group_has_members(gid)) == 1
    }
}
