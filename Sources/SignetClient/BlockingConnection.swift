internal import POSIX
internal import Synchronization
internal import WireProtocol

/// One connection of a blocking client, with at most one call in flight; the thread that calls does everything.
final class BlockingConnection: Sendable {
    private let socket: Descriptor
    private let state = Mutex(State())

    private struct State: ~Copyable {
        var input = LineBuffer(longestLine: Limits.responseBytes)
        var nextID: Int64 = 1
        var line: [UInt8] = []
    }

    init(_ socket: consuming Descriptor) { self.socket = socket }

    /// Whether another call may be made: the daemon has neither closed nor said anything that nobody asked for.
    var isQuiet: Bool {
        (try? UnixSocket.wait(for: socket, reading: true, writing: false, until: 0).isReadable) == false
    }

    /// Sends `request` and waits for its answer or for the deadline. After anything but an answer, the connection is spent.
    func call(_ request: RequestLine, deadline: UInt64) -> CallOutcome {
        state.withLock { state in
            let id = state.nextID
            state.nextID += 1
            state.line.removeAll(keepingCapacity: true)
            request.append(to: &state.line, id: id)
            var sent = 0
            do throws(Errno) {
                guard try send(state.line, &sent, deadline) else { return .failed(.timedOut) }
            } catch {
                // The daemon has closed, perhaps after a last answer, which is still to be read.
            }
            let wasSent = sent == state.line.count
            do throws(Errno) {
                return try receive(&state.input, deadline).map { .answered($0, id: id) }
                    ?? .broken(mayBeExecuted: wasSent)
            } catch {
                if error == .timedOut { return .failed(.timedOut) }
                if error == .tooLong {
                    return .failed(
                        .protocolViolation(message: "an answer is longer than \(Limits.responseBytes) bytes"))
                }
                return .broken(mayBeExecuted: wasSent)
            }
        }
    }

    /// Sends until all is sent, or an answer comes before; false when the deadline was first.
    private func send(_ line: [UInt8], _ sent: inout Int, _ deadline: UInt64) throws(Errno) -> Bool {
        while sent < line.count {
            do throws(Errno) {
                sent += try UnixSocket.sendWithoutWaiting(line.span, sent..<line.count, to: socket)
            } catch {
                guard error == .wouldBlock else { throw error }
                let events = try UnixSocket.wait(for: socket, reading: true, writing: true, until: deadline)
                if events.isReadable { return true }
                if !events.isWritable, SystemClock.monotonicNanoseconds() >= deadline { return false }
            }
        }
        return true
    }

    /// The next line; nil when the daemon has closed. ETIMEDOUT when the deadline was first, EMSGSIZE for an endless line.
    private func receive(_ input: inout LineBuffer, _ deadline: UInt64) throws(Errno) -> [UInt8]? {
        while true {
            if let line = input.nextLine() { return input.copy(line) }
            if input.isOverfull { throw .tooLong }
            let events = try UnixSocket.wait(for: socket, reading: true, writing: false, until: deadline)
            if !events.isReadable {
                if SystemClock.monotonicNanoseconds() >= deadline { throw .timedOut }
                continue
            }
            if try input.receive(from: socket) == 0 { return nil }
        }
    }
}
