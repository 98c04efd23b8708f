internal import Synchronization

/// How a call over one connection ended.
enum CallOutcome: Sendable {
    /// The daemon's line, without its LF, in answer to the request of this `id`.
    case answered([UInt8], id: Int64)
    /// The connection broke. Without `mayBeExecuted`, the daemon certainly did nothing with the request.
    case broken(mayBeExecuted: Bool)
    case failed(SignetError)
}

/// One call that waits for its answer; whoever ends it first wins: the answer, the deadline or a cancellation.
final class PendingCall: Sendable {
    /// When the caller stops waiting, on the clock of `SystemClock.monotonicNanoseconds()`.
    let deadline: UInt64

    private enum State {
        case begun
        case waiting(CheckedContinuation<CallOutcome, Never>)
        case ended(CallOutcome)
    }
    private let state = Mutex(State.begun)

    init(deadline: UInt64) { self.deadline = deadline }

    /// Whether its outcome is known.
    var hasEnded: Bool {
        state.withLock { state in
            if case .ended = state { true } else { false }
        }
    }

    /// Lets the task wait; false, and the task goes on at once, when the call has ended already.
    func wait(_ continuation: CheckedContinuation<CallOutcome, Never>) -> Bool {
        let outcome: CallOutcome? = state.withLock { state in
            if case .ended(let outcome) = state { return outcome }
            state = .waiting(continuation)
            return nil
        }
        guard let outcome else { return true }
        continuation.resume(returning: outcome)
        return false
    }

    /// Ends the call, unless it has ended.
    func end(_ outcome: CallOutcome) {
        let continuation: CheckedContinuation<CallOutcome, Never>? = state.withLock { state in
            defer { if case .ended = state {} else { state = .ended(outcome) } }
            if case .waiting(let continuation) = state { return continuation }
            return nil
        }
        continuation?.resume(returning: outcome)
    }
}
