internal import CLinux

extension UnixSocket {
    /// The user on the other side of a connected socket, as the kernel recorded it: for a client, the user who called
    /// listen(2). A uid that does not exist in this user namespace reads as 65534.
    package static func peerUserID(of socket: borrowing Descriptor) throws(Errno) -> UInt32 {
        var peer = clinux_credentials()
        // Reason: getsockopt(2) fills the struct of this frame.
        try Errno.check(unsafe clinux_peer_credentials(socket.raw, &peer))
        return peer.uid
    }
}
