internal import Authorization
internal import StrictJSON
internal import WireProtocol

extension Worker {
    /// Takes a request out of the caller's bucket for an entry (docs/configuration.md, "rate"); nothing where the entry
    /// has no rate.
    ///
    /// - Parameters:
    ///   - use: The snapshot that the entry is of.
    ///   - profile: Position of its profile in the snapshot.
    ///   - caller: Who asks, also where an admin asks for somebody else.
    /// - Throws: `rate_limited`, with the time until one request would pass.
    func charge(
        _ entry: AllowEntry, ofProfile profile: Int, in use: SnapshotUse, to caller: Identity, at now: Moment
    ) throws(Refusal) {
        guard let rate = entry.rate else { return }
        let time = now.monotonicNanoseconds
        while true {
            switch bucket(of: caller.uid, entry, rate, profile, use, at: time).take(at: time) {
            case .passes: return
            case .refused(let wait):
                counters.note(.rate)
                throw .rateLimited(rate, wait)
            // Dropped after a silence, while this loop still kept it.
            case .retired: use.forgetBucket(of: entry, profile: profile)
            }
        }
    }

    /// Takes a refusal out of the caller's bucket for lines that are refused for what they say: so nobody keeps the
    /// daemon, or its log, busy with what is wrong.
    ///
    /// - Returns: The refusal itself; `rate_limited` in its place where there were too many.
    func chargeRefusal(_ refusal: Refusal, to caller: Identity, at now: Moment) -> Refusal {
        guard refusal.code.isCallersFault else { return refusal }
        let time = now.monotonicNanoseconds
        while true {
            switch refusals(of: caller.uid, at: time).take(at: time) {
            case .passes: return refusal
            case .refused(let wait):
                counters.note(.refusals)
                return .refusalsLimited(wait)
            case .retired: latestRefusals = nil
            }
        }
    }

    private func refusals(of user: UInt32?, at time: UInt64) -> TokenBucket {
        if let latest = latestRefusals, latest.user == user { return latest.bucket }
        // No profile is named so, and entries count from 1.
        let key = BucketTable.Key(user: user, profile: "", entry: 0, rate: Limits.refusalsPerSecond)
        let bucket = service.buckets.bucket(key, at: time)
        latestRefusals = (user, bucket)
        return bucket
    }

    /// The bucket that this loop used last for the entry if it is the user's, else the one of the table of all loops.
    private func bucket(
        of user: UInt32?, _ entry: AllowEntry, _ rate: Int64, _ profile: Int, _ use: SnapshotUse, at time: UInt64
    ) -> TokenBucket {
        if let latest = use.bucket(of: user, entry, profile: profile) { return latest }
        let name = use.snapshot.profiles[profile].profile.name
        let bucket = service.buckets.bucket(
            BucketTable.Key(user: user, profile: name, entry: entry.number, rate: rate), at: time)
        use.keep(bucket, of: user, entry, profile: profile)
        return bucket
    }
}

extension Refusal {
    fileprivate static func rateLimited(_ rate: Int64, _ wait: UInt64) -> Refusal {
        Refusal(
            .rateLimited, rate == 1 ? "more than 1 request a second" : "more than \(rate) requests a second",
            retryAfterMilliseconds: milliseconds(wait))
    }

    fileprivate static func refusalsLimited(_ wait: UInt64) -> Refusal {
        Refusal(
            .rateLimited, "more than \(Limits.refusalsPerSecond) lines a second were refused",
            retryAfterMilliseconds: milliseconds(wait))
    }

    /// Rounded up, so that who waits so long passes.
    private static func milliseconds(_ nanoseconds: UInt64) -> Int64 {
        max(1, Int64((nanoseconds + 999_999) / 1_000_000))
    }
}
