internal import POSIX
internal import SigningService
internal import Synchronization
internal import WireProtocol

/// What the main thread does next: a signal that came, reloads that clients asked for, or what time asks for.
///
/// One thing after another: two reloads at once are one reload after another.
final class ControlDesk: Sendable {
    private let signals: SignalQueue
    private let wakeUp: WakeUp
    private let orders = Mutex(Orders())

    private struct Orders {
        var waiting: [ReloadOrder] = []
        var isClosed = false
    }

    /// A reload that a client asked for, and where its answer line goes.
    struct ReloadOrder: Sendable {
        let request: DeferredReload
        let answer: @Sendable ([UInt8]) -> Void
    }

    /// How often time is looked at, in milliseconds: keys change state by the second.
    private static let longestTick: Int32 = 1_000
    private let tick: Int32

    /// - Parameter tick: How often time is to be looked at, in milliseconds, if more often than every second.
    init(tick: Int32? = nil) throws(Errno) {
        self.tick = min(tick ?? Self.longestTick, Self.longestTick)
        signals = try SignalQueue()
        wakeUp = try WakeUp()
    }

    /// Hands in a reload, from any thread. After `close` it is refused.
    func handIn(_ order: ReloadOrder) {
        let isClosed = orders.withLock { orders in
            if !orders.isClosed { orders.waiting.append(order) }
            return orders.isClosed
        }
        if isClosed { Self.refuse(order) } else { wakeUp.signal() }
    }

    /// What there is to do.
    enum Task {
        case stop
        /// Once for SIGHUP, whoever asked.
        case reload
        case answer(ReloadOrder)
        case lookAtTime
    }

    /// Waits for something to do, at most for a tick.
    func next() throws(Errno) -> Task {
        if let signal = try signals.next(or: wakeUp, timeout: hasOrders ? 0 : tick) {
            return signal == .stop ? .stop : .reload
        }
        let order = orders.withLock { orders in orders.waiting.isEmpty ? nil : orders.waiting.removeFirst() }
        return order.map { .answer($0) } ?? .lookAtTime
    }

    private var hasOrders: Bool { orders.withLock { !$0.waiting.isEmpty } }

    /// Refuses what waits and what still comes.
    func close() {
        let waiting = orders.withLock { orders in
            orders.isClosed = true
            defer { orders.waiting = [] }
            return orders.waiting
        }
        for order in waiting { Self.refuse(order) }
    }

    private static func refuse(_ order: ReloadOrder) {
        order.answer(order.request.refuse(with: Refusal(.shuttingDown, "the daemon is stopping")))
    }
}
