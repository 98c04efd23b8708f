import JOSE
import StrictJSON

/// What no table can say for itself: how rings and profiles stand to each other, in one file or in several.
///
/// What two of them do wrong together is reported at the later one: so a further file never breaks the main one.
struct CrossChecks {
    let settings: Settings
    private(set) var problems: [ConfigurationProblem] = []

    init(_ settings: Settings) {
        self.settings = settings
        findSharedDirectories()
        findForgeableProfiles()
        findMixedContents()
    }

    /// - Parameter positions: All that take part.
    private mutating func report(_ positions: FilePosition..., message: String) {
        guard problems.count < ProblemLog.maximumProblems, let latest = positions.max() else { return }
        problems.append(ConfigurationProblem(position: latest, message: message, suggestion: nil))
    }

    /// Two rings over one directory would be one ring with two names, past the check of profiles that share a ring.
    private mutating func findSharedDirectories() {
        var owners: [[[UInt8]]: KeyringSettings] = [:]
        for ring in settings.keyrings {
            guard let other = owners.updateValue(ring, forKey: pathParts(ring.directory)) else { continue }
            report(
                ring.position, other.position,
                message: "\(ring.title) and \(other.title) have the same directory, "
                    + "\(ByteString(ring.directory).quoted); each ring needs its own")
        }
    }

    /// Two profiles on one ring must differ in issuer or explicit type, or have disjoint audiences. Otherwise a token
    /// of one passes as a token of the other, whose fixed claims the first one's callers may set.
    private mutating func findForgeableProfiles() {
        struct Kind: Hashable {
            let keyring, issuer: ByteString
            let type: TokenType
            let audience: ByteString
        }
        var owners: [Kind: ProfileSettings] = [:]
        for profile in settings.profiles {
            let clash = profile.audiences.lazy.compactMap { audience -> (ByteString, ProfileSettings)? in
                let kind = Kind(
                    keyring: profile.keyring, issuer: profile.issuer, type: TokenType(profile.type),
                    audience: audience)
                if let other = owners[kind] { return (audience, other) }
                owners[kind] = profile
                return nil
            }.first
            guard let (audience, other) = clash else { continue }
            report(
                profile.position, other.position,
                message: "\(profile.title) and \(other.title) share the keyring "
                    + "\(profile.keyring.quoted), the issuer, the type and the audience \(audience.quoted), so "
                    + "a caller of one could forge the other's fixed claims; give them different keyrings, issuers, "
                    + "audiences, or a 'type' other than \"JWT\"")
        }
    }

    /// A ring serves profiles of one content: bytes that a caller chooses could be the claims of another profile.
    private mutating func findMixedContents() {
        var owners: [ByteString: ProfileSettings] = [:]
        for profile in settings.profiles {
            guard let other = owners[profile.keyring] else {
                owners[profile.keyring] = profile
                continue
            }
            guard other.content != profile.content else { continue }
            report(
                profile.position, other.position,
                message: "\(profile.title) and \(other.title) share the keyring "
                    + "\(profile.keyring.quoted), but one signs claims and the other bytes, which could be any claims; "
                    + "give each its own keyring")
        }
    }
}

extension KeyringSettings {
    /// As messages show it.
    var title: String { "[keyring.\(name.text)]" }
}

extension ProfileSettings {
    /// As messages show it.
    var title: String { "[profile.\(name.text)]" }
}
