internal import POSIX
internal import Synchronization
internal import WireProtocol

/// What the connection's own thread does.
extension Connection {
    /// How long one attempt to connect waits for room in the daemon's backlog, in nanoseconds: between two, deadlines
    /// are looked at.
    private static let connectSlice: UInt64 = 100_000_000

    /// Connects, then reads answers until the connection ends.
    func run() {
        guard let socket = connect() else { return }
        send(to: socket)
        var input = LineBuffer(longestLine: Limits.responseBytes)
        var lastLine: [UInt8] = []
        do throws(Errno) {
            while let (wakeAt, isBlocked) = nextWait() {
                let events = try UnixSocket.wait(
                    for: socket.descriptor, or: wakeUp, wantsWriting: isBlocked, until: wakeAt)
                if events.isWritable { send(to: socket) }
                if events.isReadable, try !receive(&input, from: socket, lastLine: &lastLine) { break }
                if wakeAt != .max, expireCalls() { break }
            }
        } catch {
            // A reset connection has ended like any other.
        }
        end(nil, lastLine: lastLine)
        UnixSocket.shutDown(socket.descriptor)
    }

    /// Connects and checks who listens; nil when the connection has ended instead.
    private func connect() -> OpenSocket? {
        while true {
            _ = expireCalls()
            guard let (wakeAt, _) = nextWait() else { return nil }
            let now = SystemClock.monotonicNanoseconds()
            let left = wakeAt > now ? wakeAt - now : 0
            do throws(Errno) {
                let descriptor = try UnixSocket.connect(to: path, timeout: min(max(left, 1_000_000), Self.connectSlice))
                let userID = try PeerCredentials(ofSocket: descriptor.raw).uid
                guard trustedServers.include(userID) else {
                    end(.serverNotTrusted(socketPath: path, userID: userID))
                    return nil
                }
                let socket = OpenSocket(descriptor)
                state.withLock { $0.socket = socket }
                return socket
            } catch {
                // A full backlog: the daemon is busy or about to start; try again while somebody waits for it.
                if error == .wouldBlock, state.withLock({ $0.wakeAt != .max }) { continue }
                end(error == .wouldBlock ? .timedOut : SignetError(error, connectingTo: path))
                return nil
            }
        }
    }

    /// Until when to wait, and whether for room to send too; nil when there is nothing more to wait for.
    private func nextWait() -> (wakeAt: UInt64, isBlocked: Bool)? {
        state.withLock { state in
            switch state.life {
            case .open: break
            case .retired: if state.calls.isEmpty { return nil }
            case .ended: return nil
            }
            if case .connectionThread = state.writer { return (state.wakeAt, true) }
            return (state.wakeAt, false)
        }
    }

    /// Reads what is there and ends the calls that it answers; false when no more can come.
    private func receive(
        _ input: inout LineBuffer, from socket: OpenSocket, lastLine: inout [UInt8]
    ) throws(Errno) -> Bool {
        guard let count = try input.receive(from: socket.descriptor) else { return true }
        if count == 0 { return false }
        var lines: [[UInt8]] = []
        while let line = input.nextLine() { lines.append(input.copy(line)) }
        if let last = lines.last { lastLine = last }
        var answered: [CallQueue.Entry] = []
        answered.reserveCapacity(lines.count)
        state.withLock { state in
            for _ in lines {
                if let entry = state.calls.popFirst() { answered.append(entry) }
            }
        }
        for (entry, line) in zip(answered, lines) { entry.call.end(.answered(line, id: entry.id)) }
        // A line that nobody asked for may stand for any request: no later answer could be trusted.
        guard answered.count == lines.count else { return false }
        guard input.isOverfull else { return true }
        end(.protocolViolation(message: "an answer is longer than \(Limits.responseBytes) bytes"))
        return false
    }

    /// Ends the calls whose deadline has come; true when the daemon has taken no bytes for so long that it is stuck.
    private func expireCalls() -> Bool {
        let now = SystemClock.monotonicNanoseconds()
        var overdue: [PendingCall] = []
        let isStuck = state.withLock { state in
            guard state.wakeAt <= now else { return false }
            var next = UInt64.max
            state.calls.forEach { call in
                if call.deadline <= now { overdue.append(call) } else { next = min(next, call.deadline) }
            }
            state.wakeAt = next
            guard case .connectionThread = state.writer, state.socket != nil else { return false }
            return now - state.blocked.since >= patience
        }
        for call in overdue { call.end(.failed(.timedOut)) }
        return isStuck
    }

    /// Ends the connection and every call in flight on it; the first call of this counts.
    ///
    /// - Parameters:
    ///   - failure: What went wrong, for all calls; nil when the connection merely broke.
    ///   - lastLine: The last answer. When it refuses without an `id`, the daemon closed there and carried out none of
    ///     the lines behind.
    func end(_ failure: SignetError?, lastLine: [UInt8] = []) {
        let mayBeExecuted = !isRefusalWithoutID(lastLine)
        var ended: [(call: PendingCall, wasSent: Bool)] = []
        state.withLock { state in
            if case .ended = state.life { return }
            state.life = .ended(failure)
            while let entry = state.calls.popFirst() { ended.append((entry.call, entry.end <= state.handedBytes)) }
        }
        for (call, wasSent) in ended {
            call.end(failure.map { .failed($0) } ?? .broken(mayBeExecuted: wasSent && mayBeExecuted))
        }
        wakeUp.signal()
    }

    private func isRefusalWithoutID(_ line: [UInt8]) -> Bool {
        if line.isEmpty { return false }
        do throws(ResponseError) {
            _ = try Response(line, expecting: nil)
            return false
        } catch {
            if case .refused = error { return true }
            return false
        }
    }
}
