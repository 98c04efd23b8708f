internal import CSystemd
package import POSIX

/// Units of the system's service manager, as the cgroup of a process tells them.
package enum SystemUnit {
    /// Bytes; systemd's own limit.
    private static let longestName = 255

    /// The system unit of the process that connected: bytes of a name such as `register.service`; nil when it has none,
    /// or when it was not certainly that process (rule PEER-2).
    ///
    /// - Parameter asksForDescriptor: Whether to use SO_PEERPIDFD where the kernel knows it.
    /// - Throws: when descriptors or memory have run out, so that nothing can be told.
    package static func name(
        ofPeer socket: Int32, _ credentials: PeerCredentials, asksForDescriptor: Bool = true
    ) throws(Errno) -> [UInt8]? {
        let held = try PeerProcess.hold(
            ofSocket: socket, credentials, asksForDescriptor: asksForDescriptor)
        guard let process = held else { return nil }
        // In this order: what was read counts if the process is alive afterwards.
        guard let name = try name(ofProcess: process.pid), try process.isAlive() else { return nil }
        return name
    }

    /// What stands first below the slices in the path of the process's cgroup, if it is named like a unit: of a user's
    /// own services that is `user@UID.service`, whatever they are called, and of a delegated cgroup its owner.
    ///
    /// - Parameter pid: A process of this pid namespace.
    package static func name(ofProcess pid: Int32) throws(Errno) -> [UInt8]? {
        // To sd_pid_get_unit(3), 0 is the caller itself.
        guard pid > 0 else { return nil }
        var result: Int32 = 0
        let name = unsafe [UInt8](unsafeUninitializedCapacity: longestName) { bytes, count in
            // Reason: at most `longestName` bytes are written into the array's own memory, and as many are counted.
            result = unsafe csystemd_unit_of_process(pid, bytes.baseAddress, Int32(longestName))
            count = max(0, Int(result))
        }
        if result < 0, Errno(-result).isExhaustion { throw Errno(-result) }
        return result > 0 ? name : nil
    }
}
