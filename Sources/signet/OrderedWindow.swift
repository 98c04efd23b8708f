internal import Synchronization

/// Work in flight: begun in order, finished in any, taken in order. It holds a bounded number of pieces, so that one who
/// begins them faster than they are finished and taken has to wait.
///
/// For one task that begins, one that takes, and any that finish.
final class OrderedWindow<Element: Sendable>: Sendable {
    private struct State {
        /// By number, modulo their count; nil until finished.
        var slots: [Element?]
        /// The number of the oldest that is not taken, and of the next to be begun.
        var oldest = 0
        var next = 0
        var isClosed = false
        var beginner: CheckedContinuation<Void, Never>?
        var taker: CheckedContinuation<Void, Never>?

        var hasRoom: Bool { next - oldest < slots.count }
        var isReady: Bool { next > oldest ? slots[oldest % slots.count] != nil : isClosed }

        /// All that are finished with none unfinished before them.
        mutating func takeFinished() -> [Element] {
            var elements: [Element] = []
            while oldest < next, let element = slots[oldest % slots.count] {
                slots[oldest % slots.count] = nil
                oldest += 1
                elements.append(element)
            }
            return elements
        }
    }
    private let state: Mutex<State>

    /// - Parameter size: How many may be in flight, at least 1.
    init(size: Int) { state = Mutex(State(slots: Array(repeating: nil, count: size))) }

    /// Waits for room and returns the number of a new piece.
    func begin() async -> Int {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let hasRoom = state.withLock { state in
                if !state.hasRoom { state.beginner = continuation }
                return state.hasRoom
            }
            if hasRoom { continuation.resume() }
        }
        return state.withLock { state in
            state.next += 1
            return state.next - 1
        }
    }

    /// The piece of that number is done.
    func finish(_ number: Int, _ element: Element) {
        let taker: CheckedContinuation<Void, Never>? = state.withLock { state in
            state.slots[number % state.slots.count] = element
            guard state.isReady else { return nil }
            return state.taker.take()
        }
        taker?.resume()
    }

    /// No more are begun.
    func close() {
        let taker: CheckedContinuation<Void, Never>? = state.withLock { state in
            state.isClosed = true
            return state.isReady ? state.taker.take() : nil
        }
        taker?.resume()
    }

    /// Waits for the oldest and returns it with what is finished behind it; empty when all are taken and none will come.
    func take() async -> [Element] {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isReady = state.withLock { state in
                if !state.isReady { state.taker = continuation }
                return state.isReady
            }
            if isReady { continuation.resume() }
        }
        let (elements, beginner): ([Element], CheckedContinuation<Void, Never>?) = state.withLock { state in
            let elements = state.takeFinished()
            return (elements, elements.isEmpty ? nil : state.beginner.take())
        }
        beginner?.resume()
        return elements
    }
}
