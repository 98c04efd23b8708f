internal import Glibc

/// What the system says of the running process.
package enum ThisProcess {
    /// The effective user.
    package static var userID: UInt32 { geteuid() }

    /// The effective group and the supplementary ones.
    package static var groupIDs: [UInt32] {
        // Without room, the call only counts.
        let count = getgroups(0, nil)
        guard count > 0 else { return [getegid()] }
        var groups = [UInt32](repeating: 0, count: Int(count))
        // Reason: at most `count` elements of the array are written.
        let found = unsafe getgroups(count, &groups)
        return [getegid()] + groups.prefix(Int(max(found, 0)))
    }

    /// The process id.
    package static var id: Int32 { getpid() }

    /// The value of an environment variable; nil when it is not set.
    ///
    /// The environment is read, never written, so the pointer stays good while it is copied.
    package static func environment(_ name: String) -> String? {
        // Reason: getenv(3) returns NULL or a string that lives as long as nobody changes the environment.
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// The name of the host, as hostname(1) shows it; nil where there is none to be had.
    package static var hostName: String? {
        // HOST_NAME_MAX is 64 on Linux.
        var name = [CChar](repeating: 0, count: 65)
        // Reason: the call fills the buffer, whose room it knows.
        guard unsafe gethostname(&name, name.count) == 0 else { return nil }
        let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    /// Ends the process with this status.
    package static func exit(_ status: Int32) -> Never { Glibc.exit(status) }
}
