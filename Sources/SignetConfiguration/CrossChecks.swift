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
        findSharedPublications()
        findPublicationsAmongKeys()
        findSharedDiscovery()
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

    /// Two rings that publish into one file would overwrite each other's keys.
    private mutating func findSharedPublications() {
        var owners: [[[UInt8]]: KeyringSettings] = [:]
        for ring in settings.keyrings {
            guard let path = ring.publish, let other = owners.updateValue(ring, forKey: pathParts(path)) else {
                continue
            }
            report(
                ring.position, other.position,
                message: "\(ring.title) and \(other.title) publish their keys in the same file, "
                    + "\(ByteString(path).quoted); each ring needs its own")
        }
    }

    /// What is published is read by everybody, and a directory of keys by the daemon alone.
    private mutating func findPublicationsAmongKeys() {
        let owners = Dictionary(settings.keyrings.map { (pathParts($0.directory), $0) }) { first, _ in first }
        for ring in settings.keyrings {
            guard let path = ring.publish else { continue }
            let parts = pathParts(path)
            let owner = (0...parts.count).lazy.compactMap { owners[Array(parts.prefix($0))] }.first
            guard let owner else { continue }
            report(
                ring.position, owner.position,
                message: "\(ring.title) publishes its keys in \(ByteString(path).quoted), inside the key directory "
                    + "of \(owner.title), which only the daemon should read; publish them elsewhere")
        }
    }

    /// One directory is published as `.well-known` of one issuer (OpenID Connect Discovery 1.0 section 4).
    private mutating func findSharedDiscovery() {
        let rings = Dictionary(settings.keyrings.map { ($0.name, $0) }) { first, _ in first }
        var owners: [[[UInt8]]: (ring: KeyringSettings, profile: ProfileSettings)] = [:]
        // A ring is reported once, however many profiles it has.
        var reported: Set<ByteString> = []
        for profile in settings.profiles where profile.hasURLIssuer {
            guard let ring = rings[profile.keyring], let path = ring.publish else { continue }
            let directory = Array(pathParts(path).dropLast())
            guard let other = owners[directory] else {
                owners[directory] = (ring, profile)
                continue
            }
            guard other.ring.name != ring.name, reported.insert(ring.name).inserted else { continue }
            report(
                ring.position, other.ring.position, profile.position, other.profile.position,
                message: "\(ring.title) and \(other.ring.title) publish into one directory, and both have a profile "
                    + "whose issuer is a URL, \(profile.title) and \(other.profile.title): each would write its OpenID "
                    + "document to the one file \"\(KeyringSettings.discoveryDocument)\" there; give each ring a "
                    + "directory of its own")
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
