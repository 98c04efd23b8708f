internal import POSIX
internal import Synchronization

/// Tokens that are asked for again and again, kept until half of their life is over.
///
///     let tokens = SignetTokenCache(signet)
///     let token = try await tokens.token(["sub": "billing"], profile: "internal", ttl: .seconds(600)).token
///
/// A token is kept for its claims as they are written, its profile and its `ttl`, compared byte for byte. It is handed out
/// again during the first half of its life, less up to a tenth of it at random, so that many services do not ask for new
/// ones at one moment. Callers that want the same at the same time share one request, and its failure; a failure is not
/// kept. A token that does not say when it expires is not kept.
///
/// Never for tokens that are good for one use, such as those whose `jti` a verifier accepts once: the cache hands one token
/// to many. And a token that is kept was signed with the key of its time: after revoking a key, call ``removeAll()``.
public final class SignetTokenCache: Sendable {
    /// A time by two clocks: one that tokens are measured by, and one that never steps.
    struct Moment: Sendable {
        /// Seconds since 1970-01-01 UTC.
        var unix: Int64
        /// Seconds since an arbitrary start.
        var boot: Int64
    }

    fileprivate struct Key: Hashable {
        let claims: [UInt8]
        let profile: [UInt8]?
        let ttl: Duration?
    }

    fileprivate struct Entry {
        let token: SignedToken
        /// It is handed out as long as neither clock has come so far.
        let end: Moment
        var lastUse: UInt64
    }

    fileprivate enum Flight: Sendable {
        case landed(SignedToken)
        case failed(SignetError)
        /// The token may be for one use: it was given to the one who asked first.
        case notShared
    }

    fileprivate struct State {
        var entries: [Key: Entry] = [:]
        /// Requests under way, and who waits for them, the one who asked first being first.
        var flights: [Key: [Pending<Flight>]] = [:]
        var uses: UInt64 = 0
    }

    private let client: SignetClient
    private let capacity: Int
    private let now: @Sendable () -> Moment
    private let state = Mutex(State())

    /// A cache of the tokens that `client` gets.
    ///
    /// - Parameters:
    ///   - client: Signs the tokens.
    ///   - capacity: How many tokens are kept; beyond it the one goes that was not used for longest.
    public convenience init(_ client: SignetClient, capacity: Int = 1024) {
        self.init(client, capacity: capacity) {
            Moment(unix: SystemClock.unixSeconds(), boot: SystemClock.bootSeconds())
        }
    }

    init(_ client: SignetClient, capacity: Int, now: @escaping @Sendable () -> Moment) {
        self.client = client
        self.capacity = max(capacity, 0)
        self.now = now
    }

    /// A token with at least some half of its life before it: one that is kept, or a new one.
    ///
    /// - Parameters:
    ///   - claims: An object. The daemon adds `iss`, `aud`, `iat`, `nbf`, `exp` and `jti`.
    ///   - profile: nil: `default`.
    ///   - ttl: How long a new token is valid, in whole seconds; nil: as long as the profile says.
    /// - Throws: What the client's `sign` throws. Each request has the client's timeout.
    public func token(
        _ claims: JSON = [:], profile: String? = nil, ttl: Duration? = nil
    ) async throws(SignetError) -> SignedToken {
        if Task.isCancelled { throw .cancelled }
        let key = Key(claims: claims.utf8, profile: profile.map { Array($0.utf8) }, ttl: ttl)
        let waiter = Pending<Flight>()
        let now = now()
        let (kept, begins): (SignedToken?, Bool) = state.withLock { state in
            if let token = state.use(key, at: now) { return (token, false) }
            state.flights[key, default: []].append(waiter)
            return (nil, state.flights[key]?.count == 1)
        }
        if let kept { return kept }
        // A task of its own: the cancellation of the caller that began it must not reach the others.
        if begins { Task { [self] in await fly(key, claims, profile, ttl) } }
        let flight = await withTaskCancellationHandler {
            await withCheckedContinuation { _ = waiter.wait($0) }
        } onCancel: {
            waiter.end(.failed(.cancelled))
        }
        switch flight {
        case .landed(let token): return token
        case .failed(let error): throw error
        case .notShared: return try await client.signedToken(claims, profile: profile, ttl: ttl)
        }
    }

    /// A token with at least some half of its life before it, with claims that encode themselves.
    ///
    /// - Parameters:
    ///   - claims: What encodes itself as an object.
    ///   - profile: nil: `default`.
    ///   - ttl: How long a new token is valid, in whole seconds; nil: as long as the profile says.
    /// - Throws: `malformedRequest` too, when the claims cannot be written as JSON.
    @_disfavoredOverload
    public func token(
        _ claims: some Encodable & Sendable, profile: String? = nil, ttl: Duration? = nil
    ) async throws(SignetError) -> SignedToken {
        try await token(try JSON(claims: claims), profile: profile, ttl: ttl)
    }

    /// Forgets every token. A request under way is still answered, and its token kept.
    public func removeAll() { state.withLock { $0.entries = [:] } }

    /// How many callers wait for a request.
    var waiters: Int { state.withLock { state in state.flights.values.reduce(0) { $0 + $1.count } } }

    private func fly(_ key: Key, _ claims: JSON, _ profile: String?, _ ttl: Duration?) async {
        let flight: Flight
        do throws(SignetError) {
            flight = .landed(try await client.signedToken(claims, profile: profile, ttl: ttl))
        } catch {
            flight = .failed(error)
        }
        let entry = entry(for: flight)
        let waiters = state.withLock { state in
            if let entry { state.keep(entry, for: key, capacity: capacity) }
            return state.flights.removeValue(forKey: key) ?? []
        }
        let isShared = if case .landed(let token) = flight { token.expiry != nil } else { true }
        for (position, waiter) in waiters.enumerated() { waiter.end(position == 0 || isShared ? flight : .notShared) }
    }

    private func entry(for flight: Flight) -> Entry? {
        guard case .landed(let token) = flight, let expiry = token.expiry else { return nil }
        let now = now()
        let (life, overflow) = expiry.subtractingReportingOverflow(now.unix)
        guard !overflow, life >= 2 else { return nil }
        let span = life / 2 - Int64.random(in: 0...life / 10)
        return Entry(token: token, end: Moment(unix: now.unix + span, boot: now.boot + span), lastUse: 0)
    }
}

extension SignetTokenCache.State {
    /// The token that is kept for the key, unless its time is over.
    fileprivate mutating func use(_ key: SignetTokenCache.Key, at now: SignetTokenCache.Moment) -> SignedToken? {
        guard let entry = entries[key] else { return nil }
        guard now.unix < entry.end.unix, now.boot < entry.end.boot else {
            entries[key] = nil
            return nil
        }
        uses += 1
        entries[key]?.lastUse = uses
        return entry.token
    }

    fileprivate mutating func keep(_ entry: SignetTokenCache.Entry, for key: SignetTokenCache.Key, capacity: Int) {
        uses += 1
        entries[key] = entry
        entries[key]?.lastUse = uses
        while entries.count > capacity, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            entries[oldest.key] = nil
        }
    }
}
