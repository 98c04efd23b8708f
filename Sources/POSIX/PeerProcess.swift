internal import CLinux
internal import Glibc

/// The process that connected, held so that no later one with its pid passes for it (rule PEER-2).
///
/// A pid alone says nothing: its process may be dead and the number another's. Hold the process, read by the pid, and then
/// ask whether it is alive: if so, the pid was its own all the time.
package struct PeerProcess: ~Copyable {
    package let pid: Int32
    /// Its pidfd, or its directory in /proc.
    private let descriptor: Descriptor
    /// What a directory must show as long as it is that of the peer; nil for a pidfd.
    private let traits: Traits?

    /// What does not change in the life of a process, and rarely is the same in another's.
    private struct Traits: Equatable {
        let owner: UInt32
        /// In clock ticks since the host was started.
        let startTime: UInt64
    }

    /// Whether the kernel hands out the peer itself (SO_PEERPIDFD, Linux 6.5). On others a process that took over both
    /// the pid and the user of a dead peer would pass for it.
    package static let isCertain = clinux_knows_peer_process()

    /// Holds the peer of a connected socket; nil when it has died, is in another pid namespace (pid 0), or hides.
    ///
    /// - Parameter asksForDescriptor: Whether to use SO_PEERPIDFD where the kernel knows it.
    /// - Throws: when descriptors or memory have run out, so that nothing can be told.
    package static func hold(
        ofSocket socket: Int32, _ credentials: PeerCredentials, asksForDescriptor: Bool = true
    ) throws(Errno) -> PeerProcess? {
        let pid = credentials.pid
        guard pid > 0 else { return nil }
        if asksForDescriptor {
            let result = clinux_peer_process(socket)
            if result >= 0 { return PeerProcess(pid: pid, descriptor: Descriptor(owning: result), traits: nil) }
            // Only where the kernel knows no pidfd of a peer is there another way.
            guard result == -ENOPROTOOPT else { return try nothing(because: Errno(-result)) }
        }
        let result = clinux_open_process_directory(pid)
        guard result >= 0 else { return try nothing(because: Errno(-result)) }
        let directory = Descriptor(owning: result)
        // It is the peer's own only if it belongs to the peer's user.
        guard let traits = try traits(directory), traits.owner == credentials.uid else { return nil }
        return PeerProcess(pid: pid, descriptor: directory, traits: traits)
    }

    private init(pid: Int32, descriptor: consuming Descriptor, traits: Traits?) {
        self.pid = pid
        self.descriptor = descriptor
        self.traits = traits
    }

    private static func nothing(because error: Errno) throws(Errno) -> PeerProcess? {
        if error.isExhaustion { throw error }
        return nil
    }

    /// Whether it lives still: then whatever was read by its pid since it is held was read of it.
    package func isAlive() throws(Errno) -> Bool {
        if let traits { return try Self.traits(descriptor) == traits }
        var entry = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
        while true {
            // Reason: poll(2) reads and writes the entry of this frame. A pidfd is readable when the process has ended.
            let count = unsafe poll(&entry, 1, 0)
            if count >= 0 { return count == 0 }
            if errno != EINTR { throw .last }
        }
    }

    /// Longer than any line of /proc/PID/stat, in bytes.
    private static let longestStat = 4_096

    /// Of the process whose directory in /proc is open; nil when it has ended.
    private static func traits(_ directory: borrowing Descriptor) throws(Errno) -> Traits? {
        do throws(Errno) {
            let owner = try FileStatus(of: directory).owner
            let flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC
            let file = Descriptor(
                // Reason: the name lives for the call.
                owning: try Errno.check(unsafe clinux_open_at(directory.raw, "stat", flags, 0)))
            guard let startTime = startTime(try file.readSome(limit: longestStat)) else { return nil }
            return Traits(owner: owner, startTime: startTime)
        } catch {
            if error.isExhaustion { throw error }
            return nil
        }
    }

    /// Field 22 of /proc/PID/stat (proc(5)); nil for a process that has ended and was not waited for yet.
    private static func startTime(_ stat: [UInt8]) -> UInt64? {
        // The name of the program, field 2, stands in parentheses and may hold anything, parentheses and spaces too.
        guard let end = stat.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = stat[(end + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 19, let state = fields[0].first, !"ZXx".utf8.contains(state) else { return nil }
        return UInt64(String(decoding: fields[19], as: UTF8.self))
    }
}
