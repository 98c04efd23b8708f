package import StrictJSON

/// What a caller may have of a profile for one `sign` request: the entry that serves it, its audience and life.
package struct SignGrant: Sendable {
    package let entry: AllowEntry
    /// Position in the entry's `audiences`.
    package let audience: Int
    /// Whether the request's claims hold that `aud` themselves.
    package let audienceIsClaimed: Bool
    /// Seconds.
    package let ttl: Int64

    /// Why a profile grants nothing.
    package enum Denial: Error, Equatable, Sendable {
        /// No entry for this caller and operation.
        case notPermitted
        /// A claim that nobody may choose, that this caller may not choose, or an `aud` of the wrong form.
        case claim(JSONText, ClaimProblem)
        /// A claim that every token of the profile must have, and that the request lacks or has as null.
        case missingClaim(ByteString)
        /// The life asked for is longer than the entry's cap in seconds.
        case ttlTooLong(cap: Int64)
    }

    package enum ClaimProblem: Equatable, Sendable {
        case madeByDaemon, notAllowed, audienceNotOneString, audienceNotGranted
    }

    /// Decides a request: entries in file order, the first that fits in everything serves it; where none does, the
    /// error of the first that was for this caller and operation (docs/configuration.md).
    package static func decide(
        _ profile: Profile, for identity: Identity, claims: JSONValue?, ttl: Int64?,
        _ index: borrowing JSONIndex, in line: Span<UInt8>
    ) throws(Denial) -> SignGrant {
        var denial: Denial?
        var isChecked = false
        var claimedAudience: JSONMember?
        for entry in profile.allow where entry.concerns(identity, .sign) {
            if !isChecked {
                claimedAudience = try checkClaims(of: profile, claims, index, in: line)
                isChecked = true
            }
            do throws(Denial) {
                return try fit(entry, profile, claims, claimedAudience, ttl, index, in: line)
            } catch {
                denial = denial ?? error
            }
        }
        throw denial ?? .notPermitted
    }

    /// Refuses what no entry can grant: a claim of the daemon's, or a token that `verify` would refuse (rule CLM-5).
    /// Returns the `aud` member where there is one.
    private static func checkClaims(
        of profile: Profile, _ claims: JSONValue?, _ index: borrowing JSONIndex, in line: Span<UInt8>
    ) throws(Denial) -> JSONMember? {
        var audience: JSONMember?
        var position = claims?.firstMember ?? -1
        while position >= 0 {
            let member = index.members[position]
            position = member.next
            if profile.isForbidden(member.name, in: line) { throw .claim(member.name, .madeByDaemon) }
            if member.name.equals("aud", in: line) { audience = member }
        }
        for name in profile.requiredOfCallers where !holds(claims, name, index, in: line) { throw .missingClaim(name) }
        return audience
    }

    private static func holds(
        _ claims: JSONValue?, _ name: ByteString, _ index: borrowing JSONIndex, in line: Span<UInt8>
    ) -> Bool {
        var position = claims?.firstMember ?? -1
        while position >= 0 {
            let member = index.members[position]
            position = member.next
            if member.name.equals(name.bytes.span, in: line) { return member.value.kind != .null }
        }
        return false
    }

    private static func fit(
        _ entry: AllowEntry, _ profile: Profile, _ claims: JSONValue?, _ audience: JSONMember?, _ ttl: Int64?,
        _ index: borrowing JSONIndex, in line: Span<UInt8>
    ) throws(Denial) -> SignGrant {
        if case .only = entry.allowedClaims {
            var position = claims?.firstMember ?? -1
            while position >= 0 {
                let member = index.members[position]
                position = member.next
                if !entry.allowedClaims.allows(member.name, in: line), !member.name.equals("aud", in: line) {
                    throw .claim(member.name, .notAllowed)
                }
            }
        }
        var chosen = 0
        if let audience {
            guard let text = audience.value.text else { throw .claim(audience.name, .audienceNotOneString) }
            guard let granted = entry.audience(text, in: line) else {
                throw .claim(audience.name, .audienceNotGranted)
            }
            chosen = granted
        }
        let cap = min(entry.maximumTTL, profile.maximumTTL)
        if let ttl, ttl > cap { throw .ttlTooLong(cap: cap) }
        return SignGrant(
            entry: entry, audience: chosen, audienceIsClaimed: audience != nil, ttl: ttl ?? min(profile.ttl, cap))
    }
}
