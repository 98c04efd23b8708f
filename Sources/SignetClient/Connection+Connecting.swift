internal import POSIX
internal import Synchronization

extension Connection {
    /// Connects, and waits for a daemon that is not there as long as a call waits and the endpoint allows; nil when the
    /// connection has ended instead.
    func connect() -> OpenSocket? {
        var backoff = Backoff()
        var nextAttempt: UInt64 = 0
        var lastFailure: SignetError?
        while true {
            guard let (wakeAt, _) = nextWait() else { return nil }
            let now = SystemClock.monotonicNanoseconds()
            // Between two attempts; and while nobody waits for the daemon, nobody looks for it.
            if now < nextAttempt || (wakeAt == .max && lastFailure != nil) {
                wakeUp.wait(until: wakeAt == .max ? .max : min(wakeAt, nextAttempt))
                dropCalls(expiredWith: lastFailure ?? .timedOut)
                continue
            }
            do throws(Endpoint.FailedAttempt) {
                let socket = OpenSocket(try endpoint.connect(within: wakeAt > now ? wakeAt - now : 0))
                dropCalls(expiredWith: lastFailure ?? .timedOut)
                state.withLock { $0.socket = socket }
                return socket
            } catch {
                switch error {
                case .lasting(let failure):
                    end(failure)
                    return nil
                case .absent(let failure):
                    lastFailure = failure
                    nextAttempt = SystemClock.monotonicNanoseconds() + backoff.next()
                case .busy: lastFailure = .timedOut
                }
                dropCalls(expiredWith: lastFailure ?? .timedOut)
            }
        }
    }

    /// Ends the calls whose deadline has come, and takes out the lines of all that have ended: nothing was sent yet.
    private func dropCalls(expiredWith error: SignetError) {
        _ = expireCalls(with: error)
        state.withLock { $0.dropEndedCalls() }
    }
}
