import JOSE
package import StrictJSON
import TOML
import WireProtocol

/// `[profile.NAME]`: what tokens of one kind hold, and who may have them.
package struct ProfileSettings: Equatable, Sendable {
    package let name: ByteString
    package let position: FilePosition
    /// Name of a ring that some file defines.
    package let keyring: ByteString
    package let content: TokenContent
    /// Empty for content `bytes`, as are all settings of claims.
    package let issuer: ByteString
    /// The first is the default. None twice; empty for content `bytes` alone.
    package let audiences: [ByteString]
    /// Seconds that a token lives when a request names none, 1…2³¹−1; at most `maxTTL`.
    package let ttl: Int64
    /// Most seconds that a request may name.
    package let maxTTL: Int64
    /// Seconds that clocks may differ by, at most 600.
    package let leeway: Int64
    /// Seconds that `nbf` lies before `iat`, at most 60.
    package let backdate: Int64
    /// The header's `typ`: printable ASCII. Other than `JWT`, it is explicit typing.
    package let type: ByteString
    /// Claims that a token must have.
    package let requiredClaims: [ByteString]
    package let allowedClaims: ClaimList
    /// In the order of the file.
    package let fixedClaims: [FixedClaim]
    /// In the order of the file: the first that fits serves a request.
    package let allow: [AllowSettings]
}

extension ProfileSettings {
    /// Whether the issuer is a URL, where verifiers may look for the keys (OpenID Connect Discovery 1.0 section 4).
    package var hasURLIssuer: Bool {
        ["https://", "http://"].contains { issuer.bytes.starts(with: $0.utf8) }
    }
}

/// What a profile signs.
package enum TokenContent: String, CaseIterable, Sendable {
    /// A JSON object of claims: JWT (RFC 7519).
    case claims
    /// Any payload, without rules of its own: plain JWS (RFC 7515).
    case bytes
}

extension ProfileSettings {
    /// Lives of tokens, in seconds.
    static let lifetimes: ClosedRange<Int64> = 1...Limits.largestTTL
    /// Most that clocks may differ by, in seconds.
    static let largestLeeway: Int64 = 600
    /// Most that `nbf` may lie before `iat`, in seconds.
    static let largestBackdate: Int64 = 60
    static let defaultTTL: Int64 = 900
    static let defaultMaxTTL: Int64 = 7 * 86_400

    /// nil: something that the profile cannot be without is missing or wrong.
    /// - Parameter keyrings: Those of all files.
    init?(_ name: ByteString, _ section: inout Section, keyrings: KnownKeyrings) {
        self.name = name
        position = section.log.place(section.position)
        let keyring = Self.keyring(&section, of: name, among: keyrings)
        content = Self.content(&section)
        if content == .bytes { Self.refuseClaimSettings(&section) }
        let isClaims = content == .claims
        let issuer = Self.required("issuer", isClaims ? "the tokens' iss" : nil, in: &section) { $0.name($1) }
        let audiences = Self.required(
            "audiences", isClaims ? "the tokens' aud, the default first" : nil, in: &section
        ) { $0.strings($1) }
        (ttl, maxTTL) = Self.lifetimes(&section)
        leeway = section.duration("leeway", in: 0...Self.largestLeeway) ?? 30
        backdate = section.duration("backdate", in: 0...Self.largestBackdate) ?? 0
        type = Self.type(&section) ?? "JWT"
        if content == .bytes { Self.requireOwnType(type, &section) }
        requiredClaims = Self.requiredClaims(&section)
        allowedClaims = section.claimList("allowed_claims") ?? .any
        fixedClaims = section.fixedClaims()
        let bounds = GrantBounds(
            content: content, audiences: audiences, allowedClaims: allowedClaims, maxTTL: maxTTL)
        allow = Self.allow(&section, of: name, within: bounds)
        section.reportUnknownMembers()
        guard let keyring, !isClaims || (issuer != nil && audiences != nil) else { return nil }
        self.keyring = keyring
        self.issuer = issuer ?? ""
        self.audiences = audiences ?? []
    }

    private static func content(_ section: inout Section) -> TokenContent {
        guard let name = section.string("content") else { return .claims }
        if let content = TokenContent.allCases.first(where: { ByteString($0.rawValue) == name }) { return content }
        section.report(
            "content", "must be \"claims\" or \"bytes\", found \(name.quoted)",
            suggestion: suggestion(for: name, among: TokenContent.allCases.map(\.rawValue)))
        return .claims
    }

    /// Settings that speak of claims, and say nothing of a payload of bytes.
    private static func refuseClaimSettings(_ section: inout Section) {
        for name in [
            "issuer", "audiences", "ttl", "max_ttl", "leeway", "backdate", "required_claims", "allowed_claims",
            "claims",
        ] where section.has(name) {
            section.report(name, "means nothing for content = \"bytes\", which has no claims")
        }
    }

    /// A payload of bytes can be any JSON, so its tokens must never pass for a JWT: they carry a type of their own.
    private static func requireOwnType(_ type: ByteString, _ section: inout Section) {
        let lowered = type.bytes.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 | 0x20 : $0 }
        let isJWT = !TokenType(type).isExplicit || lowered.suffix(4).elementsEqual("+jwt".utf8)
        guard isJWT else { return }
        section.report(
            "type",
            "must be set for content = \"bytes\", and not to \"JWT\" or \"…+jwt\": its callers could mint any claims")
    }

    private static func required<Value>(
        _ setting: String, _ hint: String?, in section: inout Section, _ read: (inout Section, String) -> Value?
    ) -> Value? {
        if let hint, !section.has(setting) { section.reportMissing(setting, hint) }
        return read(&section, setting)
    }

    private static func keyring(
        _ section: inout Section, of profile: ByteString, among keyrings: KnownKeyrings
    ) -> ByteString? {
        guard section.has("keyring") else {
            _ = section.node("keyring")
            if let ring = keyrings.ring(of: profile) { return ring }
            let own = profile == "default" ? "no" : "neither [keyring.\(profile.text)] nor"
            section.reportMissing("keyring", "\(own) [keyring.default] is defined")
            return nil
        }
        guard let ring = section.name("keyring") else { return nil }
        if keyrings.mayHold(ring) { return ring }
        section.report(
            "keyring", "names \(ring.quoted), which no [keyring.NAME] defines",
            suggestion: suggestion(for: ring, among: keyrings.names.sorted().map(\.text)))
        return nil
    }

    private static func lifetimes(_ section: inout Section) -> (ttl: Int64, maxTTL: Int64) {
        let ttl = section.duration("ttl", in: lifetimes) ?? defaultTTL
        let maxTTL = section.duration("max_ttl", in: lifetimes) ?? defaultMaxTTL
        if ttl > maxTTL {
            func shown(_ seconds: Int64, _ name: String) -> String {
                durationText(seconds) + (section.has(name) ? "" : " (the default)")
            }
            section.report(
                section.has("ttl") ? "ttl" : "max_ttl",
                "does not fit: ttl is \(shown(ttl, "ttl")), longer than max_ttl, which is \(shown(maxTTL, "max_ttl"))")
        }
        return (ttl, maxTTL)
    }

    private static func type(_ section: inout Section) -> ByteString? {
        guard let type = section.string("type") else { return nil }
        guard !type.bytes.isEmpty, type.bytes.allSatisfy({ 0x20...0x7E ~= $0 }) else {
            section.report("type", "must be printable ASCII and not empty, found \(type.quoted)")
            return nil
        }
        return type
    }

    private static func requiredClaims(_ section: inout Section) -> [ByteString] {
        let names = section.strings("required_claims", mayBeEmpty: true) ?? []
        if names.contains("*") { section.report("required_claims", "must be names of claims, found \"*\"") }
        _ = section.refuseReserved(names, in: "required_claims")
        return names
    }

    private static func allow(
        _ section: inout Section, of profile: ByteString, within bounds: GrantBounds
    ) -> [AllowSettings] {
        guard let node = section.node("allow") else { return [] }
        let title = "[[profile.\(profile.text).allow]]"
        guard case .array(let elements) = node.value else {
            section.report("allow", "must be an array of tables, written \(title), found \(node.value.kind)")
            return []
        }
        if elements.isEmpty {
            section.report("allow", "must not be empty; leave it out if nobody may use the profile")
        }
        return elements.compactMap { element in
            guard case .table(let table) = element.value else {
                section.log.report(
                    element.position, "'allow' in \(section.title) must hold tables, found \(element.value.kind)")
                return nil
            }
            var entry = Section(table, title: title, log: section.log)
            return AllowSettings(&entry, within: bounds)
        }
    }
}
