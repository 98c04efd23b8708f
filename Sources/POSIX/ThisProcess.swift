internal import Glibc

/// What the system says of the running process.
package enum ThisProcess {
    /// The effective user.
    package static var userID: UInt32 { geteuid() }

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

    /// Ends the process with this status.
    package static func exit(_ status: Int32) -> Never { Glibc.exit(status) }
}
