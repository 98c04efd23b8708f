internal import Dispatch
package import SigningService
internal import Synchronization

/// One self-test of all threads that serve: who has passed, and who has not been heard of yet.
package final class SelfTestRound: Sendable {
    private let state: Mutex<State>
    private let isOver = DispatchSemaphore(value: 0)

    private struct State {
        /// Threads that have not been heard of.
        var left: Int
        var failure: SelfTestFailure?
    }

    /// How it stands.
    package enum Outcome: Equatable, Sendable {
        /// Some thread has not answered.
        case running
        case passed
        case failed(SelfTestFailure)
    }

    init(threads: Int) { state = Mutex(State(left: threads)) }

    /// Tests the calling thread's worker.
    func note(_ worker: Worker) {
        var failure: SelfTestFailure?
        do throws(SelfTestFailure) { try worker.testItself() } catch { failure = error }
        let left = state.withLock { state in
            state.failure = state.failure ?? failure
            state.left -= 1
            return state.left
        }
        if left == 0 { isOver.signal() }
    }

    package var outcome: Outcome {
        state.withLock { state in
            if let failure = state.failure { return .failed(failure) }
            return state.left > 0 ? .running : .passed
        }
    }

    /// Waits for all threads. To be called once, and by none of them.
    package func wait() throws(SelfTestFailure) {
        isOver.wait()
        if case .failed(let failure) = outcome { throw failure }
    }
}
