internal import JOSE

/// The keys of one ring through time: which signs, which verify, what becomes of them when. The clock is passed in.
///
/// States change with time alone, without a signal or a reload (rules ROT-1 and ROT-2).
package struct KeyLives: Sendable {
    /// Preferred first: latest `notBefore`, then later `iat`, then the greater kid by bytes.
    package let all: [KeyLife]
    /// Seconds that verifiers may keep the public keys: a new key waits that long before it signs.
    package let verifierCache: Int64

    package init(_ lives: [KeyLife], verifierCache: Int64) {
        all = lives.sorted { KeyLife.isPreferred($0, $1) }
        self.verifierCache = verifierCache
    }

    /// The position of the key that signs at `now`: of those that verifiers know, the one with the latest
    /// `notBefore`. Where none is known, the wait is waived for the one that was published first, which most verifiers
    /// have; `nbf` never is (rule ROT-1).
    package func signing(at now: Int64) -> Int? {
        var waiting: (position: Int, published: Int64)?
        for (position, life) in all.enumerated() where life.maySign(at: now) {
            if life.isKnown(at: now, verifierCache) { return position }
            let published = life.record.published ?? .max
            if published < waiting?.published ?? .max || waiting == nil { waiting = (position, published) }
        }
        return waiting?.position
    }

    /// - Parameter leeway: Seconds that clocks may differ by, the longest of the ring's profiles.
    package func state(of position: Int, at now: Int64, leeway: Int64) -> KeyState {
        let life = all[position]
        if life.times.isRevoked { return .revoked }
        if signing(at: now) == position { return .current }
        if let expires = life.times.expires, expires + leeway <= now { return .gone }
        if isNext(life, at: now) { return .next }
        return life.isOver(at: now, leeway: leeway) && !signsAgain(position, at: now) ? .gone : .previous
    }

    /// Whether a key is still to sign for the first time: not yet its `nbf`, or not yet known to verifiers.
    private func isNext(_ life: KeyLife, at now: Int64) -> Bool {
        life.canSign && !life.record.hasSigned
            && (life.notBefore > now || !life.isKnown(at: now, verifierCache))
    }

    /// Whether a key whose time was over signs once more before verifiers look at the key set again, since those that are
    /// preferred will have ended: they have to know it by then (rule ROT-1).
    private func signsAgain(_ position: Int, at now: Int64) -> Bool { signing(at: now + verifierCache) == position }

    /// Whether the key at `position` verifies: all do but revoked ones and those whose time is over (rule ROT-2).
    package func verifies(_ position: Int, at now: Int64, leeway: Int64) -> Bool {
        let life = all[position]
        if life.times.isRevoked { return false }
        guard life.isOver(at: now, leeway: leeway) else { return true }
        if let expires = life.times.expires, expires + leeway <= now { return false }
        return isNext(life, at: now) || signing(at: now) == position || signsAgain(position, at: now)
    }

    /// Whether a token may be about that only this key verifies, so that it must not vanish (rule ROT-5).
    package func isNeeded(_ position: Int, at now: Int64, leeway: Int64) -> Bool {
        switch state(of: position, at: now, leeway: leeway) {
        case .current: true
        case .previous: !all[position].canSign || all[position].record.latestExpiry != nil
        case .next, .gone, .revoked: false
        }
    }

    /// From when on it signs; nil: never, or nobody can tell yet.
    package func signsFrom(_ position: Int, at now: Int64) -> Int64? {
        let life = all[position]
        guard life.canSign else { return nil }
        guard isNext(life, at: now), signing(at: now) != position, verifierCache > 0 else { return life.notBefore }
        return life.record.published.map { max(life.notBefore, $0 + verifierCache) }
    }

    /// Until when it verifies; nil: nobody can tell yet.
    package func verifiesUntil(_ position: Int, at now: Int64, leeway: Int64) -> Int64? {
        let life = all[position]
        let ownEnd = life.times.expires.map { $0 + leeway }
        switch state(of: position, at: now, leeway: leeway) {
        case .next, .current: return ownEnd
        case .previous where signsAgain(position, at: now): return ownEnd
        case .previous, .gone, .revoked:
            guard life.canSign, let latest = life.record.latestExpiry, latest != KeyRecord.never else { return ownEnd }
            return min(ownEnd ?? .max, latest + leeway)
        }
    }

    /// From when on its file may be removed without harm to any token; nil: not yet known.
    package func safeToRemove(_ position: Int, at now: Int64, leeway: Int64) -> Int64? {
        switch state(of: position, at: now, leeway: leeway) {
        case .revoked, .gone: now
        case .previous where !isNeeded(position, at: now, leeway: leeway): now
        case .previous: verifiesUntil(position, at: now, leeway: leeway)
        case .next, .current: nil
        }
    }
}
