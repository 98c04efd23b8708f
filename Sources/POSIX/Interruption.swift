internal import CLinux

/// Ctrl-C (SIGINT) as a wish to end soon, for a program that has something to say before it does.
package enum Interruption {
    /// From now on the first one is noted and ends nothing; the next one is fatal again.
    package static func beginNoting() throws(Errno) { try Errno.check(clinux_interrupt_note()) }

    /// Whether it has come since. To be asked every now and then, by any thread.
    package static var hasCome: Bool { clinux_interrupt_has_come() }
}
