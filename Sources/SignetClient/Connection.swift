internal import POSIX
internal import Synchronization
internal import WireProtocol

/// One connection to the daemon and the calls in flight on it.
///
/// Callers append their lines under a lock. Who finds nothing in flight sends at once, for the sake of latency; else
/// one task sends what has gathered meanwhile, for the sake of throughput. A thread of its own connects, reads the
/// answers, watches the deadlines and sends what the kernel had no room for: no thread of Swift's pool ever waits.
///
/// The thread keeps the connection alive, and the client does not keep the thread: `close` ends both.
final class Connection: Sendable {
    let endpoint: Endpoint
    /// Nanoseconds without progress in sending, after which the daemon counts as stuck.
    let patience: UInt64
    let wakeUp: WakeUp
    let sendBytes: SendCall
    let state = Mutex(State())

    struct State: ~Copyable {
        /// Lines that nobody has begun to send.
        var outgoing: [UInt8] = []
        var writer = Writer.connectionThread
        /// What the kernel had no room for, and since when. Only the connection's thread goes on with it.
        var blocked: (bytes: [UInt8], offset: Int, since: UInt64) = ([], 0, 0)
        var calls = CallQueue()
        var nextID: Int64 = 1
        /// Bytes appended to `outgoing` so far.
        var gatheredBytes: UInt64 = 0
        /// Bytes that the kernel took, and those of a send call that is under way: what the daemon may have read.
        var handedBytes: UInt64 = 0
        /// When the connection's thread looks at the deadlines next; no call in flight ends earlier.
        var wakeAt: UInt64 = .max
        /// nil until connected.
        var socket: OpenSocket?
        var life = Life.open

        /// Takes out the lines of calls that have ended: while nothing is sent, they need not be.
        mutating func dropEndedCalls() {
            var kept: [UInt8] = []
            var keptCalls = CallQueue()
            var start: UInt64 = 0
            while let entry = calls.popFirst() {
                let line = Int(start)..<Int(entry.end)
                start = entry.end
                if entry.call.hasEnded { continue }
                kept += outgoing[line]
                keptCalls.append(.init(call: entry.call, id: entry.id, end: UInt64(kept.count)))
            }
            outgoing = kept
            gatheredBytes = UInt64(kept.count)
            calls = keptCalls
        }
    }

    /// The system call that sends: `UnixSocket.sendWithoutWaiting`, but for tests.
    typealias SendCall = @Sendable (Span<UInt8>, Range<Int>, borrowing Descriptor) throws(Errno) -> Int

    /// Who may send; everyone else only appends.
    enum Writer { case nobody, caller, connectionThread }

    enum Life {
        case open
        /// No new calls; those in flight are still answered.
        case retired
        /// Nothing more happens; with why connecting failed, if it did.
        case ended(SignetError?)
    }

    /// The socket, shared by whoever sends and the thread that reads; closed when the last of them lets go.
    final class OpenSocket: Sendable {
        let descriptor: Descriptor
        init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
    }

    /// Begins to connect. Calls may be made at once: they wait for the connection.
    init(
        to endpoint: Endpoint, patience: UInt64, sendBytes: @escaping SendCall = UnixSocket.sendWithoutWaiting
    ) throws(SignetError) {
        self.endpoint = endpoint
        self.patience = patience
        self.sendBytes = sendBytes
        do throws(Errno) {
            wakeUp = try WakeUp()
            _ = try Thread { [self] in run() }
        } catch {
            throw SignetError(error, connectingTo: endpoint.socketPath)
        }
    }

    /// Whether new calls are taken.
    var isOpen: Bool {
        state.withLock { state in
            if case .open = state.life { true } else { false }
        }
    }

    /// Sends `request` and waits for its answer, for the deadline or for the task's cancellation.
    func call(_ request: RequestLine, deadline: UInt64) async -> CallOutcome {
        let call = PendingCall(deadline: deadline)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if call.wait(continuation) { enqueue(request, call) }
            }
        } onCancel: {
            call.end(.failed(.cancelled))
        }
    }

    private enum NextStep {
        case none
        case send(OpenSocket)
        case gather(OpenSocket)
        case end(CallOutcome)
    }

    private func enqueue(_ request: RequestLine, _ call: PendingCall) {
        let (step, mustWake): (NextStep, Bool) = state.withLock { state in
            switch state.life {
            case .open: break
            case .retired, .ended(nil): return (.end(.broken(mayBeExecuted: false)), false)
            case .ended(let failure?): return (.end(.failed(failure)), false)
            }
            let before = state.outgoing.count
            request.append(to: &state.outgoing, id: state.nextID)
            state.gatheredBytes += UInt64(state.outgoing.count - before)
            state.calls.append(.init(call: call, id: state.nextID, end: state.gatheredBytes))
            state.nextID += 1
            let mustWake = call.deadline < state.wakeAt
            if mustWake { state.wakeAt = call.deadline }
            guard case .nobody = state.writer, let socket = state.socket else { return (.none, mustWake) }
            state.writer = .caller
            return (state.calls.count == 1 ? .send(socket) : .gather(socket), mustWake)
        }
        if mustWake { wakeUp.signal() }
        switch step {
        case .none: break
        case .send(let socket): send(to: socket)
        case .gather(let socket): Task.detached { [self] in send(to: socket) }
        case .end(let outcome): call.end(outcome)
        }
    }

    /// Takes no new calls; closes once those in flight are answered.
    func retire() {
        state.withLock { state in
            if case .open = state.life { state.life = .retired }
        }
        wakeUp.signal()
    }

    /// Closes now. Calls in flight end as on a broken connection.
    func close() { end(nil) }
}
