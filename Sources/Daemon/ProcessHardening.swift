internal import OpenSSL
internal import POSIX

/// What the process gives up before it touches a secret (rule MEM-2). Also the first statement of `signet`'s key commands.
package enum ProcessHardening {
    /// Opens the locked arena under OpenSSL, and forbids dumps, debuggers and new privileges.
    package static func begin() throws {
        try SecretMemory.open()
        ProcessLimits.restrictNewFiles()
        try ProcessLimits.forbidDumps()
        try ProcessLimits.forbidNewPrivileges()
    }
}
