internal import POSIX
internal import Synchronization
internal import WireProtocol

extension SignetClient {
    /// How long to wait before a daemon that had no room, or no more for this user, is asked again, unless it says so itself.
    private static let overloadPause = Duration.milliseconds(20)

    /// Sends a request, once more where that is safe, and reads its answer with `body`.
    func exchange<Result: Sendable>(
        _ request: RequestLine, _ timeout: Duration?, _ body: (Response) throws(ResponseError) -> Result
    ) async throws(SignetError) -> Result {
        let deadline = Self.deadline(after: timeout ?? self.timeout)
        var mayTryAgain = true
        while true {
            let connection = try openConnection()
            switch await connection.call(request, deadline: deadline) {
            case .failed(let error): throw error
            case .broken(let mayBeExecuted):
                guard mayTryAgain, !mayBeExecuted || request.operation.changesNothing else { throw .connectionLost }
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
                        guard mayTryAgain, refusal.code?.mayBeSentAgain == true else { throw SignetError(refusal) }
                        await prepareToRepeat(after: refusal, on: connection, deadline)
                    }
                }
            }
            mayTryAgain = false
        }
    }

    /// The connection that takes calls: the one there is, or a new one.
    private func openConnection() throws(SignetError) -> Connection {
        try connection.withLock { (current) throws(SignetError) in
            if let current, current.isOpen { return current }
            let new = try Connection(
                path: socketPath, trustedServers: trustedServers, patience: timeout.clampedNanoseconds)
            current = new
            return new
        }
    }

    private func prepareToRepeat(after refusal: ServerRefusal, on connection: Connection, _ deadline: UInt64) async {
        // A stopping daemon closes the connection, and so does one that answered before it read a request.
        if refusal.code == .shuttingDown || !refusal.hasID { connection.retire() }
        guard refusal.code == .overloaded || refusal.code == .rateLimited else { return }
        let asked = refusal.retryAfterMilliseconds.map { Duration.milliseconds(max($0, 0)) } ?? Self.overloadPause
        let now = SystemClock.monotonicNanoseconds()
        let left = Duration.nanoseconds(Int64(clamping: deadline > now ? deadline - now : 0))
        // Jitter of up to a half keeps the tasks of many clients from coming back all at once. A cancelled sleep ends
        // early; the call then ends as cancelled.
        try? await Task.sleep(for: min(asked * Double.random(in: 1...1.5), left))
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

extension Operation {
    /// Whether carrying it out twice leaves nothing behind that once would not.
    fileprivate var changesNothing: Bool {
        switch self {
        case .ping, .verify, .explain, .jwks, .status: true
        case .sign, .reload: false
        }
    }
}
