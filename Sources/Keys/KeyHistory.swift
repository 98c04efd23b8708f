internal import JOSE
package import StrictJSON

/// What a daemon knows of its keys beside their files: the records of all rings.
///
/// It outlives reloads in memory, and the process as a state file (`StateFile`).
package struct KeyHistory: Sendable {
    package private(set) var rings: [ByteString: Ring] = [:]

    /// What is known of the keys of one ring.
    package struct Ring: Sendable {
        package var records: [ByteString: KeyRecord] = [:]
        /// The longest life of a token of the ring, in seconds; `KeyRecord.never` for payloads of bytes.
        package var longestLife: Int64 = 0
        /// When the ring was taken into service last, in seconds since 1970-01-01 UTC.
        package var adopted: Int64 = 0
        package init() {}
    }

    package init() {}

    init(_ rings: [ByteString: Ring]) { self.rings = rings }

    /// Whether anything is known of the ring, so that a key without a record is a new one.
    package func knows(_ ring: ByteString) -> Bool { rings[ring] != nil }

    /// A ring as it was loaded, with what is recorded of its keys; for those without a record one is begun, which
    /// counts when the ring is `adopt`ed.
    ///
    /// - Parameters:
    ///   - now: Seconds since 1970-01-01 UTC.
    ///   - longestLife: Of a token of the ring, in seconds; `KeyRecord.never` for payloads of bytes.
    ///   - publishesItself: Whether its public keys are kept in a file.
    package func recall(
        _ loaded: Keyring, at now: Int64, verifierCache: Int64, longestLife: Int64, publishesItself: Bool
    ) -> Keyring {
        let records = records(
            of: loaded.lives.all, ring: loaded.name, at: now, verifierCache: verifierCache, longestLife: longestLife,
            publishesItself: publishesItself)
        return loaded.with(records, verifierCache: verifierCache)
    }

    /// What is known of the keys of a ring, by kid; a new record for each that nothing is known of. As for `recall`.
    func records(
        of lives: [KeyLife], ring: ByteString, at now: Int64, verifierCache: Int64, longestLife: Int64,
        publishesItself: Bool
    ) -> [ByteString: KeyRecord] {
        let known = rings[ring]
        var records: [ByteString: KeyRecord] = [:]
        for life in lives {
            records[life.kid] =
                known?.records[life.kid]
                ?? KeyRecord(
                    published: Self.published(
                        life, at: now, isNew: known != nil, publishesItself: publishesItself, verifierCache))
        }
        // What a key signed before anything was recorded of it can be valid for as long as any token. One that was made
        // since the ring was taken into service has signed nothing.
        for life in lives where known?.records[life.kid] == nil && life.canSign {
            if let known, let made = life.times.issuedAt, made >= known.adopted { continue }
            records[life.kid]?.noteExpiry(Self.sum(now, longestLife))
        }
        return records
    }

    /// When a key without a record was published; nil: not before it is served (`Keyring.notePublication`).
    private static func published(
        _ life: KeyLife, at now: Int64, isNew: Bool, publishesItself: Bool, _ verifierCache: Int64
    ) -> Int64? {
        if isNew { return nil }
        // Nothing is known of the ring, as at the first start: the times of the keys count. With a file, only those of
        // keys that are older than any copy of it can be; the others count from its writing on.
        let time = max(0, min(life.publishedByFile, now + 1))
        return publishesItself && sum(time, verifierCache) > now ? nil : time
    }

    /// Takes the records of the rings that are served from now on. Records of keys that are gone are kept for as long
    /// as something that they signed can be valid: their files may come back.
    package mutating func adopt(_ served: [(ring: Keyring, longestLife: Int64)], at now: Int64) {
        let names = Set(served.map(\.ring.name))
        // A ring that is not served may stand in a file that is broken just now.
        rings = rings.filter { name, ring in
            names.contains(name) || ring.records.values.contains { $0.latestExpiry.map { $0 > now } ?? false }
        }
        for (ring, longestLife) in served {
            // A ring that could not be read stands empty: all is kept until it can.
            var records = (rings[ring.name]?.records ?? [:]).filter { _, record in
                ring.keys.isEmpty || record.latestExpiry.map { $0 > now && $0 != KeyRecord.never } ?? false
            }
            for life in ring.lives.all { records[life.kid] = life.record }
            var kept = Ring()
            kept.records = records
            kept.longestLife = longestLife
            kept.adopted = now
            rings[ring.name] = kept
        }
    }

    /// The sum of a time and a span; `never` when it is beyond all times.
    static func sum(_ time: Int64, _ span: Int64) -> Int64 {
        let (sum, overflow) = time.addingReportingOverflow(span)
        return overflow ? KeyRecord.never : sum
    }
}
