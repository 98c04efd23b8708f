internal import CLinux
internal import Glibc

/// What a process may do to itself for good.
package enum ProcessLimits {
    /// No core file, no report of a crash, no ptrace and no /proc/PID/mem for others of the same user (rule MEM-2).
    package static func forbidDumps() throws(Errno) {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        // Reason: setrlimit(2) reads one struct of this frame.
        try Errno.retrying { unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) }
        try Errno.check(clinux_forbid_dumping())
        try Errno.check(clinux_drop_crash_handlers())
    }

    /// No set-id program can give this process or its children more than they have.
    package static func forbidNewPrivileges() throws(Errno) { try Errno.check(clinux_forbid_new_privileges()) }

    /// Files that are made from now on are the owner's alone unless their mode says otherwise.
    package static func restrictNewFiles() { umask(0o077) }

    /// Raises the soft limit on descriptors to the hard one; returns it.
    @discardableResult
    package static func raiseDescriptors() throws(Errno) -> UInt64 {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        try Errno.retrying { unsafe getrlimit(resource, &limit) }
        limit.rlim_cur = limit.rlim_max
        try Errno.retrying { unsafe setrlimit(resource, &limit) }
        return UInt64(limit.rlim_cur)
    }

    /// The user that this process acts as.
    package static var effectiveUser: UInt32 { geteuid() }

    /// Processors that this process may run on.
    package static var processors: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
}
