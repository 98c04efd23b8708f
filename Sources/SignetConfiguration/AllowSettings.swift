package import StrictJSON
import TOML

/// What an `allow` entry can grant.
package enum GrantedOperation: String, CaseIterable, Sendable {
    case sign, verify
}

/// The users that an `allow` entry names.
package enum UserList: Equatable, Sendable {
    /// `["*"]`
    case everyone
    /// Names as the system's database has them, not yet resolved; none twice.
    case named([ByteString])
}

/// `[[profile.NAME.allow]]`: who may do what with a profile. Within a list any fits, between lists all must.
package struct AllowSettings: Equatable, Sendable {
    package let position: FilePosition
    /// Never empty.
    package let operations: Set<GrantedOperation>
    /// nil: the entry names none.
    package let users: UserList?
    /// Primary or supplementary; nil: the entry names none.
    package let groups: [ByteString]?
    /// Names of system units; nil: the entry names none. One of users, groups and units is there.
    package let units: [ByteString]?
    /// In the order of the file; the profile's own where the entry names none. Never empty.
    package let audiences: [ByteString]
    /// No more than the profile allows.
    package let allowedClaims: ClaimList
    /// Longest life of a token in seconds; at most the profile's.
    package let maxTTL: Int64
    /// Requests per second and user, with a burst of the same size; nil: no limit.
    package let rate: Int64?

    private static let rates = 1...1_000_000
}

/// What an entry may not exceed.
struct GrantBounds {
    let content: TokenContent
    /// nil: the profile's own are wrong, so nothing is compared with them.
    let audiences: [ByteString]?
    let allowedClaims: ClaimList
    let maxTTL: Int64
}

extension AllowSettings {
    init(_ section: inout Section, within bounds: GrantBounds) {
        position = section.log.place(section.position)
        operations = Self.operations(&section)
        users = Self.users(&section)
        groups = Self.groups(&section)
        units = Self.units(&section)
        audiences = Self.audiences(&section, within: bounds.audiences)
        allowedClaims = Self.allowedClaims(&section, within: bounds.allowedClaims)
        maxTTL = Self.maxTTL(&section, within: bounds.maxTTL)
        rate = section.integer("rate", in: Self.rates).map { Int64($0) }
        if bounds.content == .bytes {
            for name in ["audiences", "allowed_claims", "max_ttl"] where section.has(name) {
                section.report(name, "means nothing for content = \"bytes\", which has no claims")
            }
        }
        if !section.has("users"), !section.has("groups"), !section.has("units") {
            section.log.report(
                section.position,
                "\(section.title) needs at least one of 'users', 'groups' and 'units'; everyone is users = [\"*\"]")
        }
        section.reportUnknownMembers()
    }

    private static func operations(_ section: inout Section) -> Set<GrantedOperation> {
        guard section.has("operations") else {
            section.reportMissing("operations", "\"sign\", \"verify\" or both")
            _ = section.node("operations")
            return []
        }
        var operations: Set<GrantedOperation> = []
        for name in section.strings("operations") ?? [] {
            guard let operation = GrantedOperation.allCases.first(where: { ByteString($0.rawValue) == name }) else {
                section.report(
                    "operations", "must hold \"sign\", \"verify\" or both, found \(name.quoted)",
                    suggestion: suggestion(for: name, among: GrantedOperation.allCases.map(\.rawValue)))
                continue
            }
            operations.insert(operation)
        }
        return operations
    }

    private static func users(_ section: inout Section) -> UserList? {
        guard let names = section.strings("users") else { return nil }
        if names == ["*"] { return .everyone }
        if names.contains("*") { section.report("users", "must be [\"*\"] for everyone, or names, not both") }
        return .named(names)
    }

    private static func groups(_ section: inout Section) -> [ByteString]? {
        guard let names = section.strings("groups") else { return nil }
        if names.contains("*") { section.report("groups", "must be names; everyone is users = [\"*\"]") }
        return names
    }

    private static func units(_ section: inout Section) -> [ByteString]? {
        guard let names = section.strings("units") else { return nil }
        if let wrong = names.first(where: { !SystemUnitName.isValid($0) }) {
            section.report(
                "units", "must hold names of system units such as \"register.service\", found \(wrong.quoted)",
                suggestion: SystemUnitName.completion(of: wrong))
        }
        return names
    }

    private static func audiences(_ section: inout Section, within bounds: [ByteString]?) -> [ByteString] {
        guard let audiences = section.strings("audiences") else { return bounds ?? [] }
        if let bounds {
            let granted = Set(bounds)
            if let foreign = audiences.first(where: { !granted.contains($0) }) {
                section.report("audiences", "names \(foreign.quoted), which is none of the profile's audiences")
            }
        }
        return audiences
    }

    private static func allowedClaims(_ section: inout Section, within bounds: ClaimList) -> ClaimList {
        guard let claims = section.claimList("allowed_claims") else { return bounds }
        if let excess = bounds.excess(of: claims) {
            section.report("allowed_claims", "holds \(excess.quoted), which the profile's own allowed_claims does not")
        }
        return claims
    }

    private static func maxTTL(_ section: inout Section, within bound: Int64) -> Int64 {
        guard let ttl = section.duration("max_ttl", in: ProfileSettings.lifetimes) else { return bound }
        if ttl > bound {
            section.report(
                "max_ttl", "is \(durationText(ttl)), longer than the profile's max_ttl of \(durationText(bound))")
        }
        return ttl
    }
}
