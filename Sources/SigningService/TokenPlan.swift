internal import Authorization
internal import JOSE
internal import Keys
internal import OpenSSL
internal import StrictJSON
internal import WireProtocol

/// A token that may be signed: every question of policy, life and key is answered. `sign` signs it, `explain` shows it.
struct TokenPlan {
    /// Position in the snapshot's `profiles`.
    let profile: Int
    let keyring: Int
    /// Position in the ring's `keys`.
    let key: Int
    /// The entry that serves the request.
    let entry: AllowEntry
    /// nil for a profile whose tokens carry bytes.
    let claims: ClaimsPlan?

    /// What the daemon says in the claims.
    struct ClaimsPlan {
        let grant: SignGrant
        /// What fills the holes of the profile's fixed claims.
        let values: [ByteString]
        let issuedAt: Int64
        let expires: Int64
    }
}

/// What came of planning.
enum Planning {
    case ready(TokenPlan)
    /// What the token says of the caller has to be looked up first. Nothing was decided or charged.
    case lacksAccount(AccountLookup)
}

extension Worker {
    /// The shortest life that a key's own end may leave a token, in seconds.
    private static let shortestRemainder: Int64 = 60

    /// Decides a `sign` or `explain` request in the order of rule WIRE-5: profile and operation, rate, content kind,
    /// claims, audience, ttl, key.
    ///
    /// A request is charged once, before any cryptography: to the entry that serves it, and where none does to the first
    /// that is for this caller and operation. So `rate_limited` comes before what is wrong with the request.
    ///
    /// - Parameters:
    ///   - identity: For whom it is decided.
    ///   - caller: Who asks, and is charged.
    func plan(
        _ request: Request, _ line: Span<UInt8>, for identity: Identity, askedBy caller: Identity, isAdmin: Bool,
        at now: Moment
    ) throws(Refusal) -> Planning {
        guard let position = signing.snapshot.profile(request.profile, in: line) else {
            throw .profile(request.profile, in: line, .sign, exists: false, isAdmin)
        }
        let served = signing.snapshot.profiles[position]
        let profile = served.profile
        guard let first = profile.allow.first(where: { $0.concerns(identity, .sign) }) else {
            let refusal = Refusal.profile(request.profile, in: line, .sign, exists: true, isAdmin)
            guard isAdmin, request.operation == .explain else { throw refusal }
            throw Refusal(refusal.code, "\(refusal.message): \(profile.mismatches(with: identity, .sign))")
        }
        let account = account(of: identity, for: served, line, at: now)
        if case .lacking(let lookup) = account { return .lacksAccount(lookup) }
        let grant: (sign: SignGrant, values: [ByteString])?
        do throws(Refusal) {
            grant = try self.grant(of: served, account, request, line, for: identity, isAdmin)
        } catch {
            try charge(first, ofProfile: position, in: signing, to: caller, at: now)
            throw error
        }
        let entry = grant?.sign.entry ?? first
        try charge(entry, ofProfile: position, in: signing, to: caller, at: now)
        let keyring = signing.snapshot.keyrings[served.keyring]
        guard let key = keyring.signingKey(at: now.unixSeconds) else {
            throw Refusal(.noSigningKey, "keyring \(keyring.name.quoted) has no key that may sign")
        }
        let plan = TokenPlan(
            profile: position, keyring: served.keyring, key: key, entry: entry,
            claims: try grant.map { (grant) throws(Refusal) in
                try claimsPlan(grant.sign, grant.values, keyring.keys[key], at: now.unixSeconds)
            })
        return .ready(plan)
    }

    /// What the profile grants of a request for claims, and what it says of the caller; nil for a payload, which any entry
    /// grants.
    private func grant(
        of served: ServedProfile, _ account: CallerAccount, _ request: Request, _ line: Span<UInt8>,
        for identity: Identity, _ isAdmin: Bool
    ) throws(Refusal) -> (sign: SignGrant, values: [ByteString])? {
        let profile = served.profile
        switch profile.content {
        case .bytes:
            guard request.payload != nil else {
                throw Refusal(.claimsRejected, "profile \(profile.name.quoted) signs a payload, not claims")
            }
            return nil
        case .claims:
            guard request.payload == nil else {
                throw Refusal(.claimsRejected, "profile \(profile.name.quoted) signs claims, not a payload")
            }
            let values = try served.values(of: identity, account)
            do throws(SignGrant.Denial) {
                let grant = try SignGrant.decide(
                    profile, for: identity, claims: request.claims, ttl: request.ttl, reader.index, in: line)
                return (grant, values)
            } catch { throw .denied(error, request, in: line, isAdmin) }
        }
    }

    /// A token never outlives its key's own `exp`; one that would be too short to use is not made.
    private func claimsPlan(
        _ grant: SignGrant, _ values: [ByteString], _ key: Key, at now: Int64
    ) throws(Refusal) -> TokenPlan.ClaimsPlan {
        let remainder = key.times.expires.map { $0 - now } ?? .max
        guard remainder >= min(grant.ttl, Self.shortestRemainder) else {
            throw Refusal(.noSigningKey, "the signing key \(key.kid.quoted) is about to expire")
        }
        return TokenPlan.ClaimsPlan(
            grant: grant, values: values, issuedAt: now, expires: now + min(grant.ttl, remainder))
    }

    /// Where the daemon's last claims stand in a payload: in `,"exp":N,"jti":"J"}` the whole and the `J`.
    struct LastClaims {
        let all: Range<Int>
        let jti: Range<Int>
    }

    /// Fills `payload` with what a token carries: the caller's bytes, or the claims.
    func writePayload(
        _ plan: TokenPlan, _ request: Request, _ line: Span<UInt8>, to payload: inout [UInt8]
    ) throws(Refusal) -> LastClaims? {
        guard let claims = plan.claims else {
            payload = try decodedPayload(request, line)
            return nil
        }
        return try writeClaims(plan, claims, request.claims, line, to: &payload)
    }

    private func decodedPayload(_ request: Request, _ line: Span<UInt8>) throws(Refusal) -> [UInt8] {
        guard let text = request.payload, !text.hasEscapes,
            let bytes = Base64URL.decode(line.extracting(text.start..<text.end))
        else { throw .malformed("\"payload\" must be base64url without padding") }
        return bytes
    }

    /// Writes the claims of a token (docs/protocol.md, "What a token is"): the caller's, spliced byte for byte, then the
    /// profile's and the daemon's, so that last-wins and first-wins readers see no difference (rule CLM-6).
    private func writeClaims(
        _ plan: TokenPlan, _ own: TokenPlan.ClaimsPlan, _ claims: JSONValue?, _ line: Span<UInt8>,
        to payload: inout [UInt8]
    ) throws(Refusal) -> LastClaims {
        let served = signing.snapshot.profiles[plan.profile]
        payload.removeAll(keepingCapacity: true)
        if let claims, claims.firstMember >= 0 {
            claims.appendCompact(from: line, to: &payload)
            payload[payload.count - 1] = UInt8(ascii: ",")
        } else {
            payload.append(UInt8(ascii: "{"))
        }
        for (hole, value) in zip(served.holes, own.values) {
            payload += hole.before
            payload += value.bytes
        }
        payload += served.fixedPart
        if !own.grant.audienceIsClaimed {
            payload.append(",\"aud\":")
            payload += plan.entry.quotedAudiences[own.grant.audience]
        }
        let times = TokenTimes(
            issuedAt: own.issuedAt, notBefore: own.issuedAt - served.profile.backdate, expires: own.expires)
        let last = timesText.append(times, to: &payload)
        payload.append(",\"jti\":\"")
        let start = payload.count
        do throws(OpenSSLError) {
            // Rule CLM-7: 128 random bits.
            try random.draw(16) { Base64URL.append($0, to: &payload) }
        } catch { throw .internalFailure(error) }
        let jti = start..<payload.count
        payload.append("\"}")
        return LastClaims(all: last..<payload.count, jti: jti)
    }

    /// Refuses a payload whose token `verify` could not take (rule CLM-9).
    /// - Parameters:
    ///   - header: Bytes of the encoded header with its full stop.
    ///   - signature: Bytes of the signature, not encoded.
    func requireFit(header: Int, signature: Int) throws(Refusal) {
        let length = header + Base64URL.encodedCount(payload.count) + 1 + Base64URL.encodedCount(signature)
        let largest = signing.snapshot.largestToken
        guard length <= largest else {
            throw Refusal(.tooLarge, "the token would be \(length) bytes, \(largest) is the most")
        }
    }
}

extension Refusal {
    /// No profile for this caller: the same for one that exists and one that does not (rule PEER-1), except to admins.
    static func profile(
        _ name: JSONText?, in line: Span<UInt8>, _ permission: Permission, exists: Bool, _ isAdmin: Bool
    ) -> Refusal {
        let quoted = name?.quoted(in: line) ?? "\"default\""
        if !exists, isAdmin { return Refusal(.unknownProfile, "there is no profile \(quoted)") }
        return Refusal(.notPermitted, "you may not \(permission.rawValue) with profile \(quoted)")
    }

    fileprivate static func denied(
        _ denial: SignGrant.Denial, _ request: Request, in line: Span<UInt8>, _ isAdmin: Bool
    ) -> Refusal {
        switch denial {
        case .notPermitted:
            return profile(request.profile, in: line, .sign, exists: true, isAdmin)
        case .ttlTooLong(let cap):
            return Refusal(.ttlTooLong, "\"ttl\" is longer than \(cap) seconds")
        case .missingClaim(let name):
            return Refusal(.claimsRejected, "the claim \(name.quoted) is required")
        case .claim(let name, let problem):
            let quoted = name.quoted(in: line)
            return switch problem {
            case .madeByDaemon: Refusal(.claimsRejected, "the claim \(quoted) is not the caller's to set")
            case .notAllowed: Refusal(.claimsRejected, "the claim \(quoted) is not allowed")
            case .audienceNotOneString: Refusal(.claimsRejected, "\"aud\" must be one string")
            case .audienceNotGranted: Refusal(.claimsRejected, "\"aud\" names an audience that is not granted")
            }
        }
    }
}
