internal import POSIX
internal import Synchronization
internal import WireProtocol

/// What the connection's own thread does.
extension Connection {
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

    /// Until when to wait, and whether for room to send too; nil when there is nothing more to wait for.
    func nextWait() -> (wakeAt: UInt64, isBlocked: Bool)? {
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
    ///
    /// - Parameter error: What they end with.
    func expireCalls(with error: SignetError = .timedOut) -> Bool {
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
        for call in overdue { call.end(.failed(error)) }
        return isStuck
    }

    /// Ends the connection and every call in flight on it; the first call of this counts.
    ///
    /// - Parameters:
    ///   - failure: What went wrong, for all calls; nil when the connection merely broke.
    ///   - lastLine: The last answer. When the daemon closed with it, it carried out none of the lines behind.
    func end(_ failure: SignetError?, lastLine: [UInt8] = []) {
        let mayBeExecuted = !endsConnection(lastLine)
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

    private func endsConnection(_ lastLine: [UInt8]) -> Bool {
        lastLine.isEmpty ? false : Response.refusal(in: lastLine)?.endsConnection == true
    }
}
