package import JOSE
package import StrictJSON

/// All that decides about the life of a key, and none of its material.
package struct KeyLife: Sendable {
    package let kid: ByteString
    /// Whether its file lets it sign, and it has what that takes.
    package let canSign: Bool
    package let times: KeyTimes
    package let record: KeyRecord
    /// Seconds since 1970-01-01 UTC: when its file was last written.
    package let fileModified: Int64

    package init(kid: ByteString, canSign: Bool, times: KeyTimes, record: KeyRecord, fileModified: Int64 = 0) {
        self.kid = kid
        self.canSign = canSign
        self.times = times
        self.record = record
        self.fileModified = fileModified
    }

    /// From when on it may sign.
    package var notBefore: Int64 { times.signsFrom }

    /// When it was published as far as its file tells: `iat`, else `nbf`, else the file's own time.
    package var publishedByFile: Int64 { times.issuedAt ?? times.notBefore ?? fileModified }

    /// Whether the clock lets it sign. One that has signed does so again, though the clock has stepped back since
    /// (rule ROT-1).
    func maySign(at now: Int64) -> Bool {
        guard canSign, !times.isRevoked, record.hasSigned || notBefore <= now else { return false }
        return times.expires.map { now < $0 } ?? true
    }

    /// Whether every verifier can know it that keeps the key set for at most `verifierCache` seconds.
    func isKnown(at now: Int64, _ verifierCache: Int64) -> Bool {
        if verifierCache == 0 || record.hasSigned { return true }
        return record.published.map { $0 + verifierCache <= now } ?? false
    }

    /// Whether nothing that it signed can still be valid: its own end has come, or that of its last token.
    func isOver(at now: Int64, leeway: Int64) -> Bool {
        if let expires = times.expires, expires + leeway <= now { return true }
        guard canSign, let latest = record.latestExpiry, latest != KeyRecord.never else { return false }
        return latest + leeway <= now
    }

    /// Whether `left` is tried before `right`: latest `notBefore`, then later `iat`, then the greater kid by bytes.
    static func isPreferred(_ left: KeyLife, _ right: KeyLife) -> Bool {
        if left.notBefore != right.notBefore { return left.notBefore > right.notBefore }
        let (leftIssued, rightIssued) = (left.times.issuedAt ?? 0, right.times.issuedAt ?? 0)
        if leftIssued != rightIssued { return leftIssued > rightIssued }
        return right.kid < left.kid
    }
}

/// Where a key is in its life.
package enum KeyState: String, CaseIterable, Sendable {
    /// Published, so that verifiers know it before it signs.
    case next
    /// Signs.
    case current
    /// Verifies what it signed, until the last of it has expired.
    case previous
    /// Its time is over: it verifies nothing any more, and may be removed.
    case gone
    /// Verifies nothing, at once.
    case revoked
}
