internal import POSIX
internal import Synchronization
internal import WireProtocol

extension SignetClient {
    /// Sends a request, again where that is safe, and reads its answer.
    func perform<Result: Sendable>(
        _ exchange: Exchange<Result>, _ timeout: Duration?
    ) async throws(SignetError) -> Result {
        let deadline = (timeout ?? self.timeout).deadline
        var repetition = Repetition(exchange.request.operation, deadline: deadline, endpoint.reconnection)
        while true {
            let connection = try openConnection()
            let outcome = await connection.call(exchange.request, deadline: deadline)
            switch try exchange.step(after: outcome, &repetition) {
            case .done(let result): return result
            case .violation(let error):
                connection.end(error)
                throw error
            case .again(let pause, let endsConnection):
                if endsConnection { connection.retire() }
                // A cancelled sleep ends early; the call then ends as cancelled.
                if pause > 0 { try? await Task.sleep(nanoseconds: pause) }
            }
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
}

extension Duration {
    /// So long from now, on the clock of `SystemClock.monotonicNanoseconds()`; what is too long to count never passes.
    var deadline: UInt64 {
        let (sum, overflow) = SystemClock.monotonicNanoseconds().addingReportingOverflow(clampedNanoseconds)
        return overflow ? .max - 1 : min(sum, .max - 1)
    }

    /// Whole nanoseconds: 0 for a negative duration, the largest number for one that is too long to count.
    fileprivate var clampedNanoseconds: UInt64 {
        let (seconds, attoseconds) = max(self, .zero).components
        let (nanoseconds, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return .max }
        let (sum, carry) = nanoseconds.addingReportingOverflow(UInt64(attoseconds / 1_000_000_000))
        return carry ? .max : sum
    }
}
