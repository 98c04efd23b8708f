internal import Synchronization

/// How a call over one connection ended.
enum CallOutcome: Sendable {
    /// The daemon's line, without its LF, in answer to the request of this `id`.
    case answered([UInt8], id: Int64)
    /// The connection broke. Without `mayBeExecuted`, the daemon certainly did nothing with the request.
    case broken(mayBeExecuted: Bool)
    case failed(SignetError)
}

/// A call over one connection that waits for its answer.
typealias PendingCall = Pending<CallOutcome>

/// A task that waits; whoever ends its wait first wins: the answer, the deadline or a cancellation.
final class Pending<Outcome: Sendable>: Sendable {
    /// When the caller stops waiting, on the clock of `SystemClock.monotonicNanoseconds()`.
    let deadline: UInt64

    private enum State {
        case begun
        case waiting(CheckedContinuation<Outcome, Never>)
        case ended(Outcome)
    }
    private let state = Mutex(State.begun)

    init(deadline: UInt64 = .max) { self.deadline = deadline }

    /// Whether its outcome is known.
    var hasEnded: Bool {
        state.withLock { state in
            if case .ended = state { true } else { false }
        }
    }

    /// Lets the task wait; false, and the task goes on at once, when the call has ended already.
    func wait(_ continuation: CheckedContinuation<Outcome, Never>) -> Bool {
        let outcome: Outcome? = state.withLock { state in
            if case .ended(let outcome) = state { return outcome }
            state = .waiting(continuation)
            return nil
        }
        guard let outcome else { return true }
        continuation.resume(returning: outcome)
        return false
    }

    /// Ends the call, unless it has ended.
    func end(_ outcome: Outcome) {
        let continuation: CheckedContinuation<Outcome, Never>? = state.withLock { state in
            defer { if case .ended = state {} else { state = .ended(outcome) } }
            if case .waiting(let continuation) = state { return continuation }
            return nil
        }
        continuation?.resume(returning: outcome)
    }
}
