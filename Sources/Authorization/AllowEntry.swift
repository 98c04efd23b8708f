package import StrictJSON

/// What an entry may allow.
package enum Permission: String, CaseIterable, Sendable {
    case sign, verify
}

/// Names of claims that a caller may choose.
package enum ClaimAllowance: Sendable, Equatable {
    case all
    case only([ByteString])

    /// The `*` alone is every claim that nobody reserves.
    package init(names: [ByteString]) { self = names == ["*"] ? .all : .only(names) }

    package func allows(_ name: JSONText, in bytes: Span<UInt8>) -> Bool {
        switch self {
        case .all: return true
        case .only(let names):
            for allowed in names where name.equals(allowed.bytes.span, in: bytes) { return true }
            return false
        }
    }
}

/// One `[[profile.NAME.allow]]`: who may do what, and how much of the profile is theirs.
package final class AllowEntry: Sendable {
    /// From 1, in file order.
    package let number: Int
    /// File name and line, for `explain`.
    package let source: ByteString
    package let who: Who
    package let permissions: Set<Permission>
    /// A subset of the profile's, the default first.
    package let audiences: [ByteString]
    /// Each as a JSON string.
    package let quotedAudiences: [[UInt8]]
    package let allowedClaims: ClaimAllowance
    /// Seconds.
    package let maximumTTL: Int64
    /// Requests per second and user, with a burst of the same size; nil: no limit.
    package let rate: Int64?

    package init(
        number: Int, source: ByteString, who: Who, permissions: Set<Permission>, audiences: [ByteString],
        allowedClaims: ClaimAllowance, maximumTTL: Int64, rate: Int64? = nil
    ) {
        self.number = number
        self.source = source
        self.who = who
        self.permissions = permissions
        self.audiences = audiences
        quotedAudiences = audiences.map { audience in
            var json: [UInt8] = []
            json.appendJSONString(audience.bytes)
            return json
        }
        self.allowedClaims = allowedClaims
        self.maximumTTL = maximumTTL
        self.rate = rate
    }

    /// Whether the entry is for this caller and operation; what it grants is another question.
    package func concerns(_ identity: Identity, _ permission: Permission) -> Bool {
        permissions.contains(permission) && who.includes(identity)
    }

    /// The position in `audiences` of one that a string names.
    package func audience(_ text: JSONText, in bytes: Span<UInt8>) -> Int? {
        for (position, audience) in audiences.enumerated() where text.equals(audience.bytes.span, in: bytes) {
            return position
        }
        return nil
    }
}
