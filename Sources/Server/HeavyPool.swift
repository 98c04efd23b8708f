internal import Dispatch
internal import POSIX
internal import SigningService
internal import Synchronization
internal import WireProtocol

/// A few threads that carry out the requests whose cryptography would hold up an event loop, below the loops' priority: a
/// flood of RSA leaves callers of HMAC alone.
///
/// Each thread is a worker of its own, with contexts of its own. Nothing waits without bound: who asks for more than
/// there is room for is told so at once.
final class HeavyPool: Sendable {
    /// Where the answer line goes, on a thread of the pool.
    typealias Completion = @Sendable (_ answer: [UInt8], Worker.Outcome) -> Void

    private struct Job: Sendable {
        let request: HeavyRequest
        let completion: Completion
    }

    private struct State {
        var queue: FairQueue<Job>
        /// What is served now. Threads hold on to no other, but for the time of a job that was decided by it.
        var newest: Snapshot
        /// Jobs that are not done, by the snapshot that they were decided by.
        var unfinished: [ObjectIdentifier: Int] = [:]
        /// What each thread's worker holds.
        var held: [ObjectIdentifier]
        /// Self-tests that threads have not made yet.
        var tests: [SelfTestRound?]
        /// Threads that wait for work.
        var idle: [Int] = []
        var isClosed = false
        /// Whether what was decided by another snapshot than the newest is refused instead of carried out.
        var refusesOutdated = false
        /// How long a job takes, on average over the last few, in nanoseconds.
        var usualDuration: UInt64 = 0

        /// Whether nothing but the newest snapshot is in use.
        var isUpToDate: Bool {
            let newest = ObjectIdentifier(newest)
            return unfinished.keys.allSatisfy { $0 == newest } && held.allSatisfy { $0 == newest }
        }
    }

    private let state: Mutex<State>
    /// One for each thread, to wake it.
    private let bells: [DispatchSemaphore]
    /// Rung by threads that have let a snapshot go.
    private let letGo = DispatchSemaphore(value: 0)
    /// Rung by each thread at its end.
    private let ended = DispatchSemaphore(value: 0)

    /// How long a change of the snapshot waits for what was decided before it.
    private let patience: DispatchTimeInterval

    /// Nice value of the threads: the loops' weight is nine times theirs.
    private static let niceness: Int32 = 10

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - limit: Requests that may wait or be worked at, at once.
    ///   - patience: How long `serve(by:)` has what was decided before it carried out.
    /// - Throws: when there is no memory for their workers, or the system allows no more threads.
    static func start(
        threads: Int, limit: Int, patience: DispatchTimeInterval = .seconds(2), snapshot: Snapshot,
        service: ServiceState
    ) throws -> HeavyPool {
        let pool = HeavyPool(threads: threads, limit: limit, patience, snapshot)
        for number in 0..<threads {
            let started = DispatchSemaphore(value: 0)
            let failure = Mutex<(any Error)?>(nil)
            _ = try Thread {
                do {
                    // Not captured: the thread would hold on to the first keys for its life (rule MEM-1).
                    let worker = try Worker(pool.state.withLock { $0.newest }, service)
                    started.signal()
                    pool.run(number, worker)
                } catch {
                    failure.withLock { $0 = error }
                    started.signal()
                }
                pool.ended.signal()
            }
            started.wait()
            if let error = failure.withLock({ $0 }) { throw error }
        }
        return pool
    }

    private init(threads: Int, limit: Int, _ patience: DispatchTimeInterval, _ snapshot: Snapshot) {
        self.patience = patience
        state = Mutex(
            State(
                queue: FairQueue(limit: limit), newest: snapshot,
                held: Array(repeating: ObjectIdentifier(snapshot), count: threads),
                tests: Array(repeating: nil, count: threads)))
        bells = (0..<threads).map { _ in DispatchSemaphore(value: 0) }
    }

    /// Takes a request in, from any thread.
    ///
    /// - Returns: `overloaded` when too many wait, of all or of this user; then nothing comes to `completion`.
    func handIn(_ request: HeavyRequest, of user: UInt32, _ completion: @escaping Completion) -> Refusal? {
        let (refusal, sleeper) = state.withLock { state -> (Refusal?, Int?) in
            let job = Job(request: request, completion: completion)
            guard !state.isClosed, state.queue.add(job, of: user) else { return (tooMany(state, user), nil) }
            state.unfinished[ObjectIdentifier(request.snapshot), default: 0] += 1
            return (nil, state.idle.popLast())
        }
        if let sleeper { bells[sleeper].signal() }
        return refusal
    }

    private func tooMany(_ state: State, _ user: UInt32) -> Refusal {
        // Until a quarter of what the user has here is done.
        let jobs = UInt64(max(state.queue.count(of: user), 1))
        let wait = state.usualDuration * jobs / UInt64(4 * bells.count) / 1_000_000
        return Refusal(
            .overloaded, "too many requests in flight (max_in_flight, a quarter of it for one user)",
            retryAfterMilliseconds: Int64(min(max(wait, 10), 5_000)))
    }

    /// From now on, threads hold on to this snapshot alone. Returns when all that was decided by others is done, and
    /// their keys' contexts are wiped.
    ///
    /// What has not had its turn when patience is over is refused: a flood must hold up neither a revocation nor whoever
    /// waits behind the reload, be it SIGTERM.
    func serve(by snapshot: Snapshot) {
        let sleepers = state.withLock { state in
            state.newest = snapshot
            defer { state.idle = [] }
            return state.idle
        }
        for sleeper in sleepers { bells[sleeper].signal() }
        let deadline = DispatchTime.now() + patience
        while !state.withLock({ $0.isUpToDate }) {
            if letGo.wait(timeout: deadline) == .success { continue }
            state.withLock { $0.refusesOutdated = true }
            letGo.wait()
        }
        state.withLock { $0.refusesOutdated = false }
    }

    /// Has each thread test itself, ahead of what waits; one whose last test is still due gets no other.
    func test(_ round: SelfTestRound) {
        let sleepers = state.withLock { state in
            for number in state.tests.indices { state.tests[number] = round }
            defer { state.idle = [] }
            return state.idle
        }
        for sleeper in sleepers { bells[sleeper].signal() }
    }

    /// How many threads there are.
    var threads: Int { bells.count }

    private static let outdated = Refusal(
        .overloaded, "the keys were changed while the request waited", retryAfterMilliseconds: 10)

    /// Ends the threads, and returns when they have. What waits is not carried out any more.
    func close() {
        let sleepers = state.withLock { state in
            state.isClosed = true
            state.queue = FairQueue(limit: state.queue.limit)
            defer { state.idle = [] }
            return state.idle
        }
        for sleeper in sleepers { bells[sleeper].signal() }
        for _ in bells { ended.wait() }
    }

    private enum Task {
        case job(Job, user: UInt32)
        case refusal(Job, user: UInt32)
        case change(Snapshot)
        case test(SelfTestRound)
        case wait
        case end
    }

    private func run(_ number: Int, _ worker: Worker) {
        Thread.lowerPriority(to: Self.niceness)
        var output: [UInt8] = []
        while true {
            switch next(number) {
            case .job(let job, let user):
                let began = SystemClock.monotonicNanoseconds()
                output.removeAll(keepingCapacity: true)
                let outcome = worker.carryOut(job.request, into: &output)
                finish(job, of: user, took: SystemClock.monotonicNanoseconds() - began)
                job.completion(output, outcome)
            case .refusal(let job, let user):
                // Told first: with the last one finished, a reload is over.
                job.completion(
                    job.request.refuse(with: Self.outdated), worker.note(Self.outdated, of: job.request))
                finish(job, of: user, took: nil)
            case .change(let snapshot):
                worker.serve(by: snapshot)
                state.withLock { $0.held[number] = ObjectIdentifier(snapshot) }
                letGo.signal()
            case .test(let round): round.note(worker)
            case .wait: bells[number].wait()
            case .end: return
            }
        }
    }

    private func next(_ number: Int) -> Task {
        state.withLock { state in
            if state.isClosed { return .end }
            if let round = state.tests[number] {
                state.tests[number] = nil
                return .test(round)
            }
            if state.held[number] != ObjectIdentifier(state.newest) { return .change(state.newest) }
            guard let (job, user) = state.queue.take() else {
                state.idle.append(number)
                return .wait
            }
            if state.refusesOutdated, job.request.snapshot !== state.newest { return .refusal(job, user: user) }
            state.held[number] = ObjectIdentifier(job.request.snapshot)
            return .job(job, user: user)
        }
    }

    /// - Parameter duration: Nanoseconds; nil: it was not carried out.
    private func finish(_ job: Job, of user: UInt32, took duration: UInt64?) {
        let isLast = state.withLock { state in
            guard !state.isClosed else { return false }
            state.queue.finish(of: user)
            let snapshot = ObjectIdentifier(job.request.snapshot)
            let left = (state.unfinished[snapshot] ?? 1) - 1
            state.unfinished[snapshot] = left > 0 ? left : nil
            if let duration {
                state.usualDuration = state.usualDuration == 0 ? duration : (7 * state.usualDuration + duration) / 8
            }
            return left <= 0 && snapshot != ObjectIdentifier(state.newest)
        }
        if isLast { letGo.signal() }
    }
}
