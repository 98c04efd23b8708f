internal import CLinux
internal import Glibc

/// Why a system call failed, as errno(3) names it.
package struct Errno: Error, Equatable, Sendable, CustomStringConvertible {
    package let code: Int32

    package init(_ code: Int32) { self.code = code }

    /// The error of the call that has just failed on this thread.
    static var last: Errno { Errno(errno) }

    /// The system's text: "No such file or directory".
    package var description: String {
        // Reason: strerrordesc_np returns a constant string or NULL.
        guard let text = unsafe clinux_error_text(code) else { return "error \(code)" }
        return unsafe String(cString: text)
    }

    package static let noEntry = Errno(ENOENT)
    package static let exists = Errno(EEXIST)
    package static let isLink = Errno(ELOOP)
    package static let wouldBlock = Errno(EAGAIN)
    package static let interrupted = Errno(EINTR)
    package static let accessDenied = Errno(EACCES)
    package static let notPermitted = Errno(EPERM)
    package static let connectionRefused = Errno(ECONNREFUSED)
    package static let connectionReset = Errno(ECONNRESET)
    package static let brokenPipe = Errno(EPIPE)
    package static let tooLong = Errno(EMSGSIZE)
    package static let nameTooLong = Errno(ENAMETOOLONG)
    package static let inUse = Errno(EADDRINUSE)
    package static let notDirectory = Errno(ENOTDIR)
    package static let noMemory = Errno(ENOMEM)
    package static let timedOut = Errno(ETIMEDOUT)
    package static let outOfRange = Errno(ERANGE)
    package static let badDescriptor = Errno(EBADF)
    package static let unsupported = Errno(ENOTSUP)

    /// Out of descriptors, buffers or memory: what passes when others let go of some.
    package var isExhaustion: Bool { [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code) }

    /// The disk is full, or what its user may have of it.
    package var isLackOfSpace: Bool { [ENOSPC, EDQUOT].contains(code) }

    /// The value of a call that answers a negative errno of its own.
    @discardableResult
    static func check(_ result: Int32) throws(Errno) -> Int32 {
        if result < 0 { throw Errno(-result) }
        return result
    }

    /// The value of a call that answers -1 and sets errno, repeated while a signal interrupts it.
    @discardableResult
    static func retrying<Result: SignedInteger>(_ call: () -> Result) throws(Errno) -> Result {
        while true {
            let result = call()
            if result >= 0 { return result }
            if errno != EINTR { throw .last }
        }
    }
}
