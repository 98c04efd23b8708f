internal import POSIX
internal import Synchronization
internal import WireProtocol

extension SignetClient {
    /// Sends a request, again where that is safe, and reads its answer with `body`.
    func exchange<Result: Sendable>(
        _ request: RequestLine, _ timeout: Duration?, _ body: (Response) throws(ResponseError) -> Result
    ) async throws(SignetError) -> Result {
        let deadline = Self.deadline(after: timeout ?? self.timeout)
        var repetition = Repetition(request.operation, deadline: deadline, endpoint.reconnection)
        while true {
            let connection = try openConnection()
            let pause: UInt64
            switch await connection.call(request, deadline: deadline) {
            case .failed(let error): throw error
            case .broken(let mayBeExecuted): pause = try repetition.pause(afterBreak: mayBeExecuted)
            case .answered(let line, let id):
                do throws(ResponseError) {
                    return try body(try Response(line, expecting: id))
                } catch {
                    switch error {
                    case .violation(let message):
                        // The lines may no longer match the requests: nothing on this connection can be trusted.
                        connection.end(.protocolViolation(message: message))
                        throw .protocolViolation(message: message)
                    case .refused(let refusal):
                        pause = try repetition.pause(after: refusal)
                        if refusal.endsConnection { connection.retire() }
                    }
                }
            }
            // A cancelled sleep ends early; the call then ends as cancelled.
            if pause > 0 { try? await Task.sleep(nanoseconds: pause) }
        }
    }

    /// The connection that takes calls: the one there is, or a new one.
    private func openConnection() throws(SignetError) -> Connection {
        try connection.withLock { (current) throws(SignetError) in
            if let current, current.isOpen { return current }
            let new = try Connection(to: endpoint, patience: timeout.clampedNanoseconds)
            current = new
            return new
        }
    }

    /// On the clock of `SystemClock.monotonicNanoseconds()`; a timeout that is too long to count never passes.
    private static func deadline(after timeout: Duration) -> UInt64 {
        let (sum, overflow) = SystemClock.monotonicNanoseconds().addingReportingOverflow(timeout.clampedNanoseconds)
        return overflow ? .max - 1 : min(sum, .max - 1)
    }
}

extension Duration {
    /// Whole nanoseconds: 0 for a negative duration, the largest number for one that is too long to count.
    fileprivate var clampedNanoseconds: UInt64 {
        let (seconds, attoseconds) = max(self, .zero).components
        let (nanoseconds, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return .max }
        let (sum, carry) = nanoseconds.addingReportingOverflow(UInt64(attoseconds / 1_000_000_000))
        return carry ? .max : sum
    }
}
