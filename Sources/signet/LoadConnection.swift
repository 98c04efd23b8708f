internal import POSIX
internal import StrictJSON
internal import WireProtocol

/// The load that one connection makes: the same request line again and again, some of them in flight.
struct Load: Sendable {
    let socketPath: String
    let line: [UInt8]
    /// How the line of success begins; any other is read as JSON to see what it is.
    let successPrefix: [UInt8]
    let depth: Int
}

/// A connected socket that goes to the thread which drives it.
final class LoadSocket: Sendable {
    let descriptor: Descriptor

    /// - Parameter timeout: Nanoseconds.
    init(_ path: String, timeout: UInt64) throws(Errno) {
        descriptor = try UnixSocket.connect(to: path, timeout: timeout)
    }
}

/// One connection of the load generator.
final class LoadConnection {
    let socket: LoadSocket
    private let load: Load
    private let record: LoadRecord
    /// The line often enough that `depth` of them can be sent from the middle of one on.
    private let block: [UInt8]
    /// Bytes that are due and not sent, and how much of a line was sent last.
    private var pending = 0
    private var phase = 0
    private var input = LineBuffer(longestLine: Limits.responseBytes)
    /// When the requests in flight were sent, in a ring.
    private var sentAt: [UInt64]
    private var head = 0
    private var inFlight = 0

    init(_ load: Load, _ socket: LoadSocket, _ block: [UInt8], _ record: LoadRecord) {
        self.load = load
        self.socket = socket
        self.block = block
        self.record = record
        sentAt = Array(repeating: 0, count: load.depth)
    }

    /// What the connections of one load share: the lines as they are sent.
    static func block(_ load: Load) -> [UInt8] {
        Array(repeatElement(load.line, count: load.depth + 1).joined())
    }

    /// Sends until `depth` requests are in flight; true when the kernel has no room for all of it.
    func fill(now: UInt64) throws(Errno) -> Bool {
        while inFlight < load.depth {
            sentAt[place(inFlight)] = now
            inFlight += 1
            pending += load.line.count
        }
        let block = block
        while pending > 0 {
            do throws(Errno) {
                let end = min(phase + pending, block.count)
                let count = try UnixSocket.sendWithoutWaiting(block.span, phase..<end, to: socket.descriptor)
                pending -= count
                phase = (phase + count) % load.line.count
            } catch {
                if error == .wouldBlock { return true }
                throw error
            }
        }
        return false
    }

    /// Counts the answers that are there; false when the daemon has closed.
    func drain() throws(Errno) -> Bool {
        guard let count = try input.receive(from: socket.descriptor) else { return true }
        if count == 0 { return false }
        let now = SystemClock.monotonicNanoseconds()
        while inFlight > 0, let line = input.nextLine() {
            let sent = sentAt[head]
            head = place(1)
            inFlight -= 1
            let isSuccess = input.line(line, beginsWith: load.successPrefix)
            record.add(sent: sent, now: now, error: isSuccess ? nil : Self.error(in: input.copy(line)))
        }
        return true
    }

    /// Notes what is still in flight at the end.
    func end(now: UInt64) {
        if inFlight > 0 { record.result.add(unanswered: now - min(now, sentAt[head])) }
    }

    /// The code of an answer that is no success; nil for one after all.
    private static func error(in line: [UInt8]) -> String? {
        do throws(ResponseError) {
            let response = try Response(line, expecting: nil)
            guard response.has("valid"), try !response.bool("valid") else { return nil }
            return try response.text("reason")
        } catch {
            switch error {
            case .refused(let refusal): return refusal.codeText.text
            case .violation: return "no answer by the protocol"
            }
        }
    }

    private func place(_ offset: Int) -> Int {
        let place = head + offset
        return place < sentAt.count ? place : place - sentAt.count
    }
}
