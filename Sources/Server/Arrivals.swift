internal import Synchronization

/// Connections of one listener that were accepted, and that their event loop has not yet looked at.
///
/// Each has a descriptor, and none has a place within the limits: were they not bounded, a loop that gets no processor for
/// a while would let as many pile up as come, and use up the descriptors of those that are served.
final class Arrivals: Sendable {
    private struct State {
        var waiting = 0
        /// What lets the listener go on that was told that there are too many.
        var goOn: (@Sendable () -> Void)?
    }
    private let state = Mutex(State())

    /// One more.
    ///
    /// - Parameter goOn: Called once when there is room again, unless there is now.
    /// - Returns: Whether there is room for another.
    func add(whenRoom goOn: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            state.waiting += 1
            guard state.waiting >= ServerLimits.arrivals else { return true }
            state.goOn = goOn
            return false
        }
    }

    /// A loop has looked at one: it has a place, or its refusal, or is being closed.
    func remove() {
        let goOn: (@Sendable () -> Void)? = state.withLock { state in
            state.waiting -= 1
            // With some distance, so that the listener does not stop and go on with each.
            return state.waiting <= ServerLimits.arrivals / 2 ? state.goOn.take() : nil
        }
        goOn?()
    }
}
