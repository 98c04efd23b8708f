internal import WireProtocol

/// A token, and what the daemon says of it.
public struct SignedToken: Equatable, Sendable {
    /// The compact JWS. Whoever holds it can use it: keep it out of logs and process arguments.
    public let token: String
    /// The id of the key that signed it.
    public let keyID: String
    /// When it expires, in seconds since 1970-01-01 UTC; nil for a token without claims.
    public let expiry: Int64?
    /// Its unique id (`jti`); nil for a token without claims.
    public let tokenID: String?
}

/// A token that holds in every respect: signature, times, issuer, audience and what else its profile demands.
public struct VerifiedToken: Equatable, Sendable {
    /// The id of the key that signed it.
    public let keyID: String
    /// The header, byte for byte but for white space between tokens.
    public let header: JSON
    /// The claims, byte for byte but for white space between tokens.
    public let claims: JSON
}

/// What a token would hold if it were signed: a dry run.
public struct Explanation: Equatable, Sendable {
    /// The header that it would have.
    public let header: JSON
    /// The claims that it would have, with examples of those that differ each time.
    public let claims: JSON
    /// The `allow` entry of the configuration that lets the caller sign.
    public let rule: JSON
}

/// The public keys of a daemon's keyrings at one moment.
public struct PublishedKeys: Equatable, Sendable {
    /// The JWK Set (RFC 7517 section 5), an object with the member `keys`. Holds nothing secret.
    public let keySet: JSON
    /// Counts the times that the daemon's keys were loaded since it began: another number, perhaps other keys.
    public let generation: Int64
    /// How long the answer may be kept before it is asked for again.
    public let refreshHint: Duration
}

/// The daemon at the other end.
public struct DaemonVersion: Equatable, Sendable {
    /// Its version, as "0.1.0".
    public let version: String
    /// The version of the wire protocol that it speaks.
    public let protocolVersion: Int64
}

/// The identity that a dry run decides for, in place of the caller's own; for admins.
public struct Caller: Equatable, Sendable {
    /// The user's name.
    public var user: String?
    /// The names of the user's groups.
    public var groups: [String]
    /// The system unit that the caller runs in, as `register.service`.
    public var unit: String?

    /// An identity of which nil and empty parts are left unsaid.
    public init(user: String? = nil, groups: [String] = [], unit: String? = nil) {
        self.user = user
        self.groups = groups
        self.unit = unit
    }

    /// The member `as` of an `explain` request.
    var json: CompactJSON {
        var members: [(name: String, value: CompactJSON)] = []
        if let user { members.append(("user", .string(user))) }
        if !groups.isEmpty { members.append(("groups", .array(groups.map { .string($0) }))) }
        if let unit { members.append(("unit", .string(unit))) }
        return .object(members)
    }
}
