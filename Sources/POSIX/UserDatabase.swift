internal import CLinux

/// Users and groups as the system's database knows them (nsswitch.conf). May ask a network: never on an event loop.
package enum UserDatabase {
    /// Longest name that is taken, in bytes, with the NUL that ends it.
    private static let longestName = 257

    /// The uid of that name; nil for an unknown one.
    package static func userID(named name: String) throws(Errno) -> UInt32? { try ids(ofUser: name)?.uid }

    /// The uid of that name and the gid of its primary group; nil for an unknown one.
    package static func ids(ofUser name: String) throws(Errno) -> (uid: UInt32, gid: UInt32)? {
        // To C, the name would end there.
        if name.utf8.contains(0) { return nil }
        var uid: UInt32 = 0
        var gid: UInt32 = 0
        // Reason: the name lives for the call, which fills integers of this frame; so below.
        return try Errno.check(unsafe clinux_user_ids(name, &uid, &gid)) == 1 ? (uid, gid) : nil
    }

    /// The name of a uid; nil for an unknown one.
    package static func userName(of uid: UInt32) throws(Errno) -> String? {
        var name = [CChar](repeating: 0, count: longestName)
        // Reason: the call fills the buffer, whose room it knows; so below.
        guard try Errno.check(unsafe clinux_user_name(uid, &name, longestName)) == 1 else { return nil }
        return text(name)
    }

    /// The name of a gid; nil for an unknown one.
    package static func groupName(of gid: UInt32) throws(Errno) -> String? {
        var name = [CChar](repeating: 0, count: longestName)
        guard try Errno.check(unsafe clinux_group_name(gid, &name, longestName)) == 1 else { return nil }
        return text(name)
    }

    private static func text(_ name: [CChar]) -> String {
        String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
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
