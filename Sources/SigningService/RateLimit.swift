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
            case .refused(let wait): throw .rateLimited(rate, wait)
            // Dropped after a silence, while this loop still kept it.
            case .retired: use.forgetBucket(of: entry, profile: profile)
            }
        }
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
    fileprivate static func rateLimited(_ rate: Int64, _ nanoseconds: UInt64) -> Refusal {
        Refusal(
            .rateLimited, rate == 1 ? "more than 1 request a second" : "more than \(rate) requests a second",
            // Rounded up, so that who waits so long passes.
            retryAfterMilliseconds: max(1, Int64((nanoseconds + 999_999) / 1_000_000)))
    }
}
