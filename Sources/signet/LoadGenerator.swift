internal import POSIX
internal import Synchronization

/// Drives connections for some seconds, from one thread or more.
struct LoadGenerator: Sendable {
    let load: Load
    let connections: Int
    let threads: Int
    /// Nanoseconds.
    let duration: UInt64

    struct Result: Sendable {
        var latencies = LatencyHistogram()
        var errors: [String: Int] = [:]
        /// Why a thread ended early.
        var failure: String?

        mutating func merge(_ other: Result) {
            latencies.merge(other.latencies)
            errors.merge(other.errors, uniquingKeysWith: +)
            failure = failure ?? other.failure
        }
    }

    /// How long a thread sleeps at most before it looks at the clock, in milliseconds.
    private static let longestSleep: Int32 = 50

    /// Runs the load and waits for its end.
    func run() throws(Failure) -> (result: Result, seconds: Double) {
        var result = Result()
        let start = SystemClock.monotonicNanoseconds()
        let count = min(threads, connections)
        let workers = (0..<count).map { index in
            Worker(self, connections / count + (index < connections % count ? 1 : 0), until: start + duration)
        }
        for worker in workers { try worker.start() }
        for worker in workers {
            result.merge(worker.join())
        }
        let seconds = Double(SystemClock.monotonicNanoseconds() - start) / 1e9
        return (result, seconds)
    }

    fileprivate func drive(_ count: Int, until end: UInt64) -> Result {
        var result = Result()
        var connections: [LoadConnection] = []
        do throws(Errno) {
            for _ in 0..<count { connections.append(try LoadConnection(load)) }
            if try !exchange(connections, until: end) { result.failure = "the daemon closed a connection" }
        } catch {
            result.failure = "a connection failed: \(error)"
        }
        for connection in connections {
            result.latencies.merge(connection.latencies)
            result.errors.merge(connection.errors, uniquingKeysWith: +)
        }
        return result
    }

    /// Keeps every connection full until the time is over; false when the daemon closed one.
    private func exchange(_ connections: [LoadConnection], until end: UInt64) throws(Errno) -> Bool {
        var poll = try EventPoll()
        var isBlocked = [Bool](repeating: false, count: connections.count)
        for (tag, connection) in connections.enumerated() {
            try poll.add(connection.socket, tag: tag)
            isBlocked[tag] = try connection.fill(now: SystemClock.monotonicNanoseconds())
            if isBlocked[tag] { try poll.change(connection.socket, tag: tag, wantsWriting: true) }
        }
        var isOpen = true
        var now = SystemClock.monotonicNanoseconds()
        while isOpen, now < end {
            try poll.wait(timeout: Self.longestSleep)
            while let tag = poll.next() {
                let connection = connections[tag]
                guard try connection.drain() else {
                    isOpen = false
                    break
                }
                let blocks = try connection.fill(now: SystemClock.monotonicNanoseconds())
                if blocks == isBlocked[tag] { continue }
                isBlocked[tag] = blocks
                try poll.change(connection.socket, tag: tag, wantsWriting: blocks)
            }
            now = SystemClock.monotonicNanoseconds()
        }
        return isOpen
    }
}

/// One thread of the generator and what it found.
private final class Worker: Sendable {
    private let generator: LoadGenerator
    private let share: Int
    private let end: UInt64
    private let result = Mutex(LoadGenerator.Result())
    private let thread = Mutex<Thread?>(nil)

    init(_ generator: LoadGenerator, _ share: Int, until end: UInt64) {
        self.generator = generator
        self.share = share
        self.end = end
    }

    func start() throws(Failure) {
        do throws(Errno) {
            try thread.withLock { (thread) throws(Errno) in
                thread = try Thread { [self] in
                    let found = generator.drive(share, until: end)
                    result.withLock { $0 = found }
                }
            }
        } catch {
            throw Failure("cannot start a thread: \(error)")
        }
    }

    /// Waits for the thread, which must have been started.
    func join() -> LoadGenerator.Result {
        thread.withLock { $0.take() }?.join()
        return result.withLock { $0 }
    }
}
