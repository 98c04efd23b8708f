internal import JOSE
internal import Keys
internal import SigningService
internal import StrictJSON

/// What one set of rings has that another has not: what a reload changes, and what it must not.
struct SnapshotChange {
    let old: [ServedRing]
    let new: [ServedRing]
    /// Seconds since 1970-01-01 UTC.
    let now: Int64

    /// Whatever must keep the new rings from being served (rule ROT-5), one a line: keys that tokens still need and that
    /// vanished without being revoked, and rings that signed and would not.
    var losses: [String] {
        var losses: [String] = []
        for served in old {
            let (ring, name) = (served.ring, served.ring.name)
            let successor = new.first { $0.ring.name == name }?.ring
            for (position, key) in ring.keys.enumerated()
            where ring.lives.isNeeded(position, at: now, leeway: served.leeway) {
                let state = ring.lives.state(of: position, at: now, leeway: served.leeway).rawValue
                let title = "keyring \(name.quoted): its \(state) key \(key.kid.quoted)"
                guard let successor else {
                    losses.append("\(title) went with the keyring, but tokens need it (was \(key.file))")
                    continue
                }
                if let found = successor.key(key.kid) {
                    if found.material.fingerprint != key.material.fingerprint {
                        losses.append("\(title) was replaced by another key of that name, in \(found.file)")
                    } else if found.algorithm != key.algorithm {
                        losses.append(
                            "\(title) would be for \(found.algorithm.name) instead of \(key.algorithm.name), and its "
                                + "tokens refused; give \(found.algorithm.name) a ring of its own")
                    }
                } else if !successor.accountsFor(key.kid) {
                    losses.append(
                        "\(title) vanished without being revoked, but tokens need it (was \(key.file)); put it back, or "
                            + "`signet key revoke` it")
                }
            }
            for kid in ring.revoked where !(successor?.revoked.contains(kid) ?? true) {
                guard let file = successor?.key(kid)?.file else { continue }
                losses.append(
                    "keyring \(name.quoted): the key \(kid.quoted) was revoked and would verify again: it has left the "
                        + "file 'revoked' (is in \(file))")
            }
            guard let successor, ring.signingKey(at: now) != nil, successor.signingKey(at: now) == nil else { continue }
            let place = ring.keys.first.map { " (\($0.file))" } ?? ""
            losses.append(
                "keyring \(name.quoted) would have no key that may sign now\(place); make one with `signet key new`")
        }
        return losses
    }

    /// What changed, for whoever asked.
    func result(generation: Int64) -> ReloadResult {
        var result = ReloadResult(generation: generation)
        let (before, after) = (Self.names(old), Self.names(new))
        result.added = after.filter { !before.contains($0) }
        result.removed = before.filter { !after.contains($0) }
        for served in new {
            guard let signs = Self.signer(served, at: now) else { continue }
            let former = old.first { $0.ring.name == served.ring.name }.flatMap { Self.signer($0, at: now) }
            if former != signs { result.promoted.append(KeyName(keyring: served.ring.name, kid: signs)) }
        }
        return result
    }

    private static func names(_ rings: [ServedRing]) -> [KeyName] {
        rings.flatMap { served in
            served.ring.lives.all.filter { !$0.times.isRevoked }.map {
                KeyName(keyring: served.ring.name, kid: $0.kid)
            }
        }
    }

    private static func signer(_ served: ServedRing, at now: Int64) -> ByteString? {
        served.ring.signingKey(at: now).map { served.ring.keys[$0].kid }
    }
}
