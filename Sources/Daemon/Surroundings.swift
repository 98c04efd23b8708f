internal import POSIX

/// What of the process's surroundings weakens the service, though it can run.
enum Surroundings {
    /// A sentence for each, with what to do.
    static func warnings(user: UInt32, uidMap: [UInt8]?) -> [String] {
        var warnings: [String] = []
        if user == 0 {
            warnings.append(
                "runs as root, which it needs for nothing: give it a user of its own (User=signet, or `setpriv`)")
        }
        if let uidMap, !mapsEveryone(uidMap) {
            warnings.append(
                "runs in a user namespace that does not map all users to themselves: callers may have other uids here "
                    + "than on the host, or none (65534, which nothing is granted to); leave out PrivateUsers=")
        }
        return warnings
    }

    /// Of this process.
    static func warnings() -> [String] {
        let map = try? Descriptor.open("/proc/self/uid_map").readAll(limit: largestMap)
        return warnings(user: ProcessLimits.effectiveUser, uidMap: map)
    }

    /// Bytes; the kernel takes no map of more than a page.
    private static let largestMap = 1 << 16

    /// Whether user_namespaces(7) shows the one range of the initial namespace: from 0 on to 0 on, 2^32 - 1 users.
    private static func mapsEveryone(_ map: [UInt8]) -> Bool {
        let lines = map.split(separator: UInt8(ascii: "\n"))
        let numbers = lines.first?.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
        return lines.count == 1 && numbers == ["0", "0", "4294967295"]
    }
}
