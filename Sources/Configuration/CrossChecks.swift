import JOSE
import StrictJSON
import TOML

/// What no table can say for itself: how rings and profiles of one file stand to each other.
extension Settings {
    /// Two rings over one directory would be one ring with two names, past the check of profiles that share a ring.
    func reportSharedDirectories(to log: ProblemLog) {
        var owners: [[[UInt8]]: KeyringSettings] = [:]
        for ring in keyrings {
            guard let other = owners.updateValue(ring, forKey: pathParts(ring.directory)) else { continue }
            log.report(
                ring.position,
                "[keyring.\(ring.name.text)] and [keyring.\(other.name.text)] have the same directory, "
                    + "\(ByteString(ring.directory).quoted); each ring needs its own")
        }
    }

    /// Two profiles on one ring must differ in issuer or explicit type, or have disjoint audiences. Otherwise a token
    /// of one passes as a token of the other, whose fixed claims the first one's callers may set.
    func reportForgeableProfiles(to log: ProblemLog) {
        struct Kind: Hashable {
            let keyring, issuer: ByteString
            let type: TokenType
            let audience: ByteString
        }
        var owners: [Kind: ProfileSettings] = [:]
        for profile in profiles {
            let clash = profile.audiences.lazy.compactMap { audience -> (ByteString, ProfileSettings)? in
                let kind = Kind(
                    keyring: profile.keyring, issuer: profile.issuer, type: TokenType(profile.type),
                    audience: audience)
                if let other = owners[kind] { return (audience, other) }
                owners[kind] = profile
                return nil
            }.first
            guard let (audience, other) = clash else { continue }
            log.report(
                profile.position,
                "[profile.\(profile.name.text)] and [profile.\(other.name.text)] share the keyring "
                    + "\(profile.keyring.quoted), the issuer, the type and the audience \(audience.quoted), so "
                    + "a caller of one could forge the other's fixed claims; give them different keyrings, issuers, "
                    + "audiences, or a 'type' other than \"JWT\"")
        }
    }

    /// A ring serves profiles of one content: bytes that a caller chooses could be the claims of another profile.
    func reportMixedContents(to log: ProblemLog) {
        var owners: [ByteString: ProfileSettings] = [:]
        for profile in profiles {
            guard let other = owners[profile.keyring] else {
                owners[profile.keyring] = profile
                continue
            }
            guard other.content != profile.content else { continue }
            log.report(
                profile.position,
                "[profile.\(profile.name.text)] and [profile.\(other.name.text)] share the keyring "
                    + "\(profile.keyring.quoted), but one signs claims and the other bytes, which could be any claims; "
                    + "give each its own keyring")
        }
    }

    /// What is allowed but probably not meant.
    func warn(in log: ProblemLog) {
        if profiles.isEmpty {
            log.warn(log.place(Position(line: 1, column: 1)), "no profile is defined: nobody can have a token")
        }
        let used = Set(profiles.map(\.keyring))
        for ring in keyrings where !used.contains(ring.name) {
            log.warn(ring.position, "no profile uses [keyring.\(ring.name.text)]")
        }
        for profile in profiles {
            let title = "[profile.\(profile.name.text)]"
            if profile.allow.isEmpty {
                log.warn(profile.position, "nobody may use \(title): it has no [[profile.\(profile.name.text).allow]]")
            }
            guard case .named(let allowed) = profile.allowedClaims else { continue }
            let fixed = Set(profile.fixedClaims.map { ClaimName($0.name) })
            for name in allowed where fixed.contains(ClaimName(name)) {
                log.warn(profile.position, "\(title) allows callers the claim \(name.quoted), but it is a fixed claim")
            }
        }
    }
}
