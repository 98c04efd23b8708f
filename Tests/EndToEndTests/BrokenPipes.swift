import Foundation

/// What is written to a program that has ended.
enum BrokenPipes {
    /// Evaluated once: from then on such a write throws an error, and no signal ends the tests. By a handler, which the
    /// programs that tests begin do not inherit, as they would that the signal is ignored.
    static let areErrors: Void = { _ = signal(SIGPIPE) { _ in } }()
}
