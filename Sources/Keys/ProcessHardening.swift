internal import OpenSSL
internal import POSIX

/// What a process gives up before it touches a secret (rule MEM-2).
package enum ProcessHardening {
    /// Opens the locked arena under OpenSSL, and forbids dumps, debuggers and new privileges.
    ///
    /// The first statement of `signetd`, and of each command of `signet` that handles keys.
    /// - Throws: `SecretMemoryError` or `Errno`; the process must not go on.
    package static func begin() throws {
        try SecretMemory.open()
        ProcessLimits.restrictNewFiles()
        try ProcessLimits.forbidDumps()
        try ProcessLimits.forbidNewPrivileges()
    }
}
