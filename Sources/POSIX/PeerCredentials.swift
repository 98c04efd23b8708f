internal import CLinux

/// Who is at the other end of a Unix socket, as the kernel recorded it when the connection was made.
package struct PeerCredentials: Equatable, Sendable {
    package let uid: UInt32
    package let gid: UInt32
    /// 0 when the peer lives in another pid namespace.
    package let pid: Int32
    /// Supplementary groups (SO_PEERGROUPS).
    package let groups: [UInt32]

    /// Most processes have fewer supplementary groups; NGROUPS_MAX is 65,536.
    private static let usualGroups: UInt32 = 32

    package init(uid: UInt32, gid: UInt32, pid: Int32, groups: [UInt32]) {
        self.uid = uid
        self.gid = gid
        self.pid = pid
        self.groups = groups
    }

    /// Asks the kernel about a connected socket.
    package init(ofSocket socket: Int32) throws(Errno) {
        var credentials = clinux_credentials()
        // Reason: getsockopt(2) fills the struct of this frame, and at most `count` elements of the array.
        try Errno.check(unsafe clinux_peer_credentials(socket, &credentials))
        var count = Self.usualGroups
        var groups = [UInt32](repeating: 0, count: Int(count))
        var result = unsafe clinux_peer_groups(socket, &groups, &count)
        if result == -Errno.outOfRange.code {
            groups = [UInt32](repeating: 0, count: Int(count))
            result = unsafe clinux_peer_groups(socket, &groups, &count)
        }
        try Errno.check(result)
        uid = credentials.uid
        gid = credentials.gid
        pid = credentials.pid
        self.groups = Array(groups.prefix(Int(count)))
    }
}
