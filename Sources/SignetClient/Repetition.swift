internal import POSIX
internal import WireProtocol

/// Whether one call's request is sent again: what the async client and the blocking one agree on.
///
/// What the daemon certainly did not carry out since it is stopping, or never read, is sent again until the deadline (once
/// by a client that never waits). After another refusal with which the daemon did nothing: once. After a broken connection,
/// if the request changes nothing: twice, since one death can break two connections. The kernel closes the descriptors of
/// a killed daemon one by one, so that who connects again at once may meet the listening one before it goes too.
struct Repetition {
    /// How long to wait before a daemon that had no room, or no more for this user, is asked again, unless it says so
    /// itself; in milliseconds.
    private static let overloadPause: Int64 = 20

    private let operation: Operation
    private let deadline: UInt64
    /// Whether the call may wait for a daemon that is being restarted.
    private let mayWait: Bool
    private var wasRefused = false
    private var breaks = 0
    /// Pauses before the repetitions behind the first.
    private var backoff = Backoff()
    private var hasRepeated = false

    init(_ operation: Operation, deadline: UInt64, _ reconnection: Reconnection) {
        self.operation = operation
        mayWait = reconnection != .never
        self.deadline = deadline
    }

    /// How long to wait, in nanoseconds, before the request is sent again: the connection broke.
    /// - Throws: What the call ends with instead.
    mutating func pause(afterBreak mayBeExecuted: Bool) throws(SignetError) -> UInt64 {
        guard mayBeExecuted else { return try growingPause(orThrow: .connectionLost) }
        breaks += 1
        guard operation.changesNothing, breaks <= 2 else { throw .connectionLost }
        return try growingPause(orThrow: .connectionLost)
    }

    /// How long to wait, in nanoseconds, before the request is sent again: the daemon refused it.
    /// - Throws: What the call ends with instead.
    mutating func pause(after refusal: ServerRefusal) throws(SignetError) -> UInt64 {
        guard refusal.code?.mayBeSentAgain == true else { throw SignetError(refusal) }
        if refusal.code == .shuttingDown { return try growingPause(orThrow: SignetError(refusal)) }
        guard !wasRefused else { throw SignetError(refusal) }
        wasRefused = true
        guard refusal.code == .overloaded || refusal.code == .rateLimited else { return 0 }
        let asked = UInt64(clamping: refusal.retryAfterMilliseconds ?? Self.overloadPause)
        // Jitter of up to a half keeps the tasks of many clients from coming back all at once.
        let pause = UInt64(exactly: (Double(asked) * 1_000_000 * Double.random(in: 1...1.5)).rounded()) ?? .max
        // Who has no time for that learns at once when to come back.
        guard pause < left else { throw SignetError(refusal) }
        return pause
    }

    /// Nothing for the first time, for the daemon's successor may be there already.
    private mutating func growingPause(orThrow error: SignetError) throws(SignetError) -> UInt64 {
        let pause = hasRepeated ? backoff.next() : 0
        guard pause < left, mayWait || !hasRepeated else { throw error }
        hasRepeated = true
        return pause
    }

    private var left: UInt64 {
        let now = SystemClock.monotonicNanoseconds()
        return deadline > now ? deadline - now : 0
    }
}

extension ServerRefusal {
    /// Whether the daemon closes the connection behind it, and carries out nothing that was sent behind the request.
    ///
    /// A line that could not be read is refused without an `id` as well, and the daemon goes on behind it.
    var endsConnection: Bool {
        switch code {
        case .shuttingDown: true
        case .tooLarge, .overloaded, .timeout: !hasID
        default: false
        }
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
