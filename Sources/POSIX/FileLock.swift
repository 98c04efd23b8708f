internal import CLinux
internal import Glibc

/// An advisory lock on a file, held for as long as this value lives (flock(2)).
package struct FileLock: ~Copyable, Sendable {
    private let file: Descriptor

    /// Takes the lock at once; EAGAIN when another process holds it. The file is made when it is missing, and stays.
    package init(path: String) throws(Errno) {
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW
        // Reason: the path lives for the call.
        let file = Descriptor(owning: try Errno.check(unsafe clinux_open_at(AT_FDCWD, path, flags, 0o600)))
        let raw = file.raw
        try Errno.retrying { flock(raw, LOCK_EX | LOCK_NB) }
        self.file = file
    }
}
