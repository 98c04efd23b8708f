package import Authorization
internal import JOSE
package import Keys
internal import StrictJSON

/// Keys and policy at one moment: everything that decides an answer, immutable.
///
/// A request takes one snapshot and keeps it to its end; a reload builds another and swaps it, or changes nothing.
package final class Snapshot: Sendable {
    package let keyrings: [Keyring]
    let profiles: [ServedProfile]
    private let profileByName: ByteTable<Int>
    private let defaultProfile: Int?
    private let admins: Who
    /// Longest token that is signed, in bytes: whatever is signed can be verified.
    let largestToken: Int

    /// - Parameters:
    ///   - keyrings: Each ring that a profile names must be among them.
    ///   - admins: Who may administer, in any of its lists.
    package init(keyrings: [Keyring], profiles: [Profile], admins: Who, largestToken: Int) {
        self.keyrings = keyrings
        self.profiles = profiles.compactMap { profile in
            keyrings.firstIndex { $0.name == profile.keyring }.map { ServedProfile(profile, keyring: $0) }
        }
        let names = self.profiles.enumerated().map { (name: $1.profile.name, value: $0) }
        profileByName = ByteTable(names)
        defaultProfile = profileByName.value(for: "default")
        self.admins = admins
        self.largestToken = largestToken
    }

    /// The position in `profiles` of the one that a request names; absent, `default`.
    func profile(_ name: JSONText?, in line: Span<UInt8>) -> Int? {
        guard let name else { return defaultProfile }
        return profileByName.value(for: name, in: line)
    }

    /// Whether a caller may administer the daemon.
    package func isAdmin(_ identity: Identity) -> Bool { admins.includesByAnyList(identity) }
}

/// A profile with what its tokens share, written once.
final class ServedProfile: Sendable {
    let profile: Profile
    /// Position of its ring in the snapshot's `keyrings`.
    let keyring: Int
    /// `"role":"user","iss":"https://…"`: the fixed claims and the issuer.
    let fixedPart: [UInt8]

    init(_ profile: Profile, keyring: Int) {
        self.profile = profile
        self.keyring = keyring
        var part: [UInt8] = []
        for (name, json) in profile.fixedClaims {
            part.appendJSONString(name.bytes)
            part.append(UInt8(ascii: ":"))
            part += json
            part.append(UInt8(ascii: ","))
        }
        part.append("\"iss\":")
        part.appendJSONString(profile.validation.issuer.bytes)
        fixedPart = part
    }
}
