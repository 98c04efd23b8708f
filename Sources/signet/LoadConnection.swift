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

/// One connection of the load generator.
final class LoadConnection {
    let socket: Descriptor
    private let load: Load
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
    private(set) var latencies = LatencyHistogram()
    /// Answers that were no success, by code.
    private(set) var errors: [String: Int] = [:]

    init(_ load: Load) throws(Errno) {
        self.load = load
        socket = try UnixSocket.connect(to: load.socketPath, timeout: 1_000_000_000)
        block = Array(repeatElement(load.line, count: load.depth + 1).joined())
        sentAt = Array(repeating: 0, count: load.depth)
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
                let count = try UnixSocket.sendWithoutWaiting(block.span, phase..<end, to: socket)
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
        guard let count = try input.receive(from: socket) else { return true }
        if count == 0 { return false }
        let now = SystemClock.monotonicNanoseconds()
        while inFlight > 0, let line = input.nextLine() {
            latencies.record(now - sentAt[head])
            head = place(1)
            inFlight -= 1
            if !input.line(line, beginsWith: load.successPrefix) { examine(input.copy(line)) }
        }
        return true
    }

    private func examine(_ line: [UInt8]) {
        do throws(ResponseError) {
            let response = try Response(line, expecting: nil)
            if response.has("valid"), try !response.bool("valid") {
                errors[try response.text("reason"), default: 0] += 1
            }
        } catch {
            switch error {
            case .refused(let refusal): errors[refusal.codeText.text, default: 0] += 1
            case .violation: errors["no answer by the protocol", default: 0] += 1
            }
        }
    }

    private func place(_ offset: Int) -> Int {
        let place = head + offset
        return place < sentAt.count ? place : place - sentAt.count
    }
}
