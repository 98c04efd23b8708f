internal import Logging
internal import POSIX
internal import Server
internal import SigningService
internal import Synchronization

/// Everything that the daemon logs, on its way to standard error or the journal: taken from any thread at once, written by a thread of its
/// own, so that who does not read the log keeps no event loop waiting.
///
/// What was taken is never dropped. When too much waits, signatures are refused that would need a line (`hasRoom`), while
/// ordinary lines are lost and counted: that a token has its line is worth more than the service, and the service is worth
/// more than an ordinary line.
final class LogSpool: AuditLog {
    private let output: any LogOutput
    /// Wakes the writer.
    private let wakeUp: WakeUp
    /// Wakes `close`.
    private let isDone: WakeUp
    private let state = Mutex(State())
    /// Bytes that were taken and are not written.
    private let unwritten = Atomic<Int>(0)

    private struct State {
        var lines: [UInt8] = []
        /// Ordinary lines that were lost since the log last told so.
        var lost = 0
        /// Whether the writer waits for a line to come.
        var isIdle = false
        var isClosed = false
        /// Why the last attempt to write failed; nil: it did not.
        var failure: Errno?
    }

    /// Bytes that may wait before signatures are refused: some 20,000 lines.
    static let room = 4 << 20
    /// Bytes that may wait before ordinary lines are lost. More than for signatures, whose refusals are such lines.
    static let roomForOrdinaryLines = room + (1 << 20)
    /// Memory for lines that has grown beyond this is given back, in bytes.
    private static let keptMemory = 1 << 20
    /// How long the writer lets lines gather, in milliseconds: else it would write each alone, and take the loops' time.
    private static let gathering: Int32 = 2
    /// How long after a failure the writer tries again, in milliseconds.
    private static let retry: Int32 = 100

    /// Starts the writer.
    static func start(on output: any LogOutput) throws(Errno) -> LogSpool {
        let spool = LogSpool(output, wakeUp: try WakeUp(), isDone: try WakeUp())
        _ = try Thread { spool.run() }
        return spool
    }

    private init(_ output: any LogOutput, wakeUp: consuming WakeUp, isDone: consuming WakeUp) {
        self.output = output
        self.wakeUp = wakeUp
        self.isDone = isDone
    }

    var form: LogLine.Form { output.form }

    var hasRoom: Bool { unwritten.load(ordering: .relaxed) < Self.room }

    func append(_ lines: [UInt8]) { take(lines, isOrdinary: false) }

    /// Takes an ordinary line, if there is room.
    func log(_ line: [UInt8]) { take(line, isOrdinary: true) }

    private func take(_ lines: [UInt8], isOrdinary: Bool) {
        let wakesWriter = state.withLock { state in
            if isOrdinary, unwritten.load(ordering: .relaxed) >= Self.roomForOrdinaryLines {
                state.lost += 1
                return false
            }
            unwritten.add(lines.count, ordering: .relaxed)
            state.lines += lines
            defer { state.isIdle = false }
            return state.isIdle
        }
        if wakesWriter { wakeUp.signal() }
    }

    var faults: [String] {
        if let failure = state.withLock({ $0.failure }) { return ["the log cannot be written: \(failure)"] }
        return hasRoom ? [] : ["the log is full: \(output.reader) is too slow"]
    }

    /// Has all that was taken written, and waits for that at most so many milliseconds. What comes later is lost.
    func close(within milliseconds: Int32) {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard isFirst else { return }
        wakeUp.signal()
        isDone.wait(milliseconds: milliseconds)
    }
}

// The writer's thread.
extension LogSpool {
    private func run() {
        var batch: [UInt8] = []
        while next(&batch), write(batch) {
            if batch.capacity > Self.keptMemory { batch = [] } else { batch.removeAll(keepingCapacity: true) }
            wakeUp.wait(milliseconds: Self.gathering)
        }
        isDone.signal()
    }

    /// Waits for lines and takes all there are. False when the spool is closed and empty.
    private func next(_ batch: inout [UInt8]) -> Bool {
        while true {
            let isClosed = state.withLock { state in
                if state.lost > 0 {
                    let line = ServiceLog.line(
                        output.form, .warning, "lost",
                        [
                            "lines": "\(state.lost)", "reason": "the log was full",
                            Logger.eventKey: "\(ServiceEvent.logLost.rawValue)",
                        ])
                    unwritten.add(line.count, ordering: .relaxed)
                    state.lines += line
                    state.lost = 0
                }
                swap(&state.lines, &batch)
                state.isIdle = batch.isEmpty
                return state.isClosed
            }
            if !batch.isEmpty { return true }
            if isClosed { return false }
            wakeUp.wait(milliseconds: WakeUp.withoutBound)
            wakeUp.wait(milliseconds: Self.gathering)
        }
    }

    /// Writes all of it, however often that fails; false when it fails and the spool is closed.
    private func write(_ batch: [UInt8]) -> Bool {
        var offset = 0
        while offset < batch.count {
            do throws(Errno) {
                let written = try output.write(batch.span.extracting(offset...))
                offset += written
                unwritten.subtract(written, ordering: .relaxed)
                state.withLock { $0.failure = nil }
            } catch {
                let isClosed = state.withLock { state in
                    state.failure = error
                    return state.isClosed
                }
                if isClosed { return false }
                wakeUp.wait(milliseconds: Self.retry)
            }
        }
        return true
    }
}
