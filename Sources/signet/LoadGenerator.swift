internal import POSIX
internal import Synchronization

/// Drives connections for some seconds, from one thread or more.
///
/// The load is closed: the next request goes out when an answer has come. Ends by itself, whatever the daemon does, and
/// at Ctrl-C.
struct LoadGenerator: Sendable {
    let load: Load
    let connections: Int
    let threads: Int
    /// How long nothing is counted, then how long is measured, in nanoseconds.
    let warmUp: UInt64
    let duration: UInt64
    /// How long all connections together may take to be made, in nanoseconds.
    let patience: UInt64

    /// How long a thread sleeps at most before it looks at the clock, in milliseconds.
    private static let longestSleep: Int32 = 50

    /// Runs the load and waits for its end.
    func run() throws(Failure) -> LoadResult {
        let sockets = try connect()
        let begin = SystemClock.monotonicNanoseconds() + warmUp
        let count = min(threads, connections)
        let workers = (0..<count).map { index in
            let share = stride(from: index, to: sockets.count, by: count).map { sockets[$0] }
            return Worker(self, share, begin..<begin + duration)
        }
        for worker in workers { try worker.start() }
        var result = LoadResult()
        for worker in workers { result.merge(worker.join()) }
        return result
    }

    /// All connections, before the clock starts.
    private func connect() throws(Failure) -> [LoadSocket] {
        let end = SystemClock.monotonicNanoseconds() + patience
        var sockets: [LoadSocket] = []
        while sockets.count < connections {
            let now = SystemClock.monotonicNanoseconds()
            do throws(Errno) {
                guard now < end, !Interruption.hasCome else { throw .wouldBlock }
                sockets.append(try LoadSocket(load.socketPath, timeout: end - now))
            } catch {
                let why = error == .wouldBlock ? "the daemon does not accept more in time" : "\(error)"
                throw Failure("\(sockets.count) of \(connections) connections could be made: \(why)")
            }
        }
        return sockets
    }

    fileprivate func drive(_ sockets: [LoadSocket], _ window: Range<UInt64>) -> LoadResult {
        let record = LoadRecord(window)
        let block = LoadConnection.block(load)
        let connections = sockets.map { LoadConnection(load, $0, block, record) }
        do throws(Errno) {
            if try !exchange(connections, until: window.upperBound) {
                record.result.failure = "the daemon closed a connection"
            }
        } catch {
            record.result.failure = "a connection failed: \(error)"
        }
        let now = SystemClock.monotonicNanoseconds()
        for connection in connections { connection.end(now: now) }
        record.end(now: now)
        return record.result
    }

    /// Keeps every connection full until the time is over; false when the daemon closed one.
    private func exchange(_ connections: [LoadConnection], until end: UInt64) throws(Errno) -> Bool {
        var poll = try EventPoll()
        var isBlocked = [Bool](repeating: false, count: connections.count)
        for (tag, connection) in connections.enumerated() {
            try poll.add(connection.socket.descriptor, tag: tag)
            isBlocked[tag] = try connection.fill(now: SystemClock.monotonicNanoseconds())
            if isBlocked[tag] { try poll.change(connection.socket.descriptor, tag: tag, wantsWriting: true) }
        }
        while SystemClock.monotonicNanoseconds() < end, !Interruption.hasCome {
            try poll.wait(timeout: Self.longestSleep)
            while let tag = poll.next() {
                let connection = connections[tag]
                guard try connection.drain() else { return false }
                let blocks = try connection.fill(now: SystemClock.monotonicNanoseconds())
                if blocks == isBlocked[tag] { continue }
                isBlocked[tag] = blocks
                try poll.change(connection.socket.descriptor, tag: tag, wantsWriting: blocks)
            }
        }
        return true
    }
}

/// One thread of the generator and what it found.
private final class Worker: Sendable {
    private let generator: LoadGenerator
    private let share: [LoadSocket]
    private let window: Range<UInt64>
    private let result = Mutex(LoadResult())
    private let thread = Mutex<Thread?>(nil)

    init(_ generator: LoadGenerator, _ share: [LoadSocket], _ window: Range<UInt64>) {
        self.generator = generator
        self.share = share
        self.window = window
    }

    func start() throws(Failure) {
        do throws(Errno) {
            try thread.withLock { (thread) throws(Errno) in
                thread = try Thread { [self] in
                    let found = generator.drive(share, window)
                    result.withLock { $0 = found }
                }
            }
        } catch {
            throw Failure("cannot start a thread: \(error)")
        }
    }

    /// Waits for the thread, which must have been started.
    func join() -> LoadResult {
        thread.withLock { $0.take() }?.join()
        return result.withLock { $0 }
    }
}
