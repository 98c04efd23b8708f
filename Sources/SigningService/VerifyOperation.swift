internal import Authorization
internal import JOSE
internal import Keys
internal import OpenSSL
internal import StrictJSON
internal import WireProtocol

extension Worker {
    /// `verify`: a token that does not verify is an answer with its reason, not an error.
    func verify(
        _ request: Request, _ line: Span<UInt8>, _ identity: Identity, _ now: Moment, _ output: inout [UInt8]
    ) throws(Refusal) -> Outcome {
        let (position, entry) = try permitVerify(request, line, identity, now)
        if try verify(request, line, position, entry, now.unixSeconds, &output) { return .answered }
        return leave(
            .verify(profile: position, entry), of: line, from: identity, at: now, decidedBy: serving.snapshot)
    }

    /// Answers a request that is permitted, if it need not be left to others.
    func verify(
        _ request: Request, _ line: Span<UInt8>, _ position: Int, _ entry: AllowEntry, _ now: Int64,
        _ output: inout [UInt8]
    ) throws(Refusal) -> Bool {
        guard let text = request.token else { throw .malformed("missing member \"token\"") }
        if text.hasEscapes {
            unescapedToken.removeAll(keepingCapacity: true)
            text.unescape(from: line, into: &unescapedToken)
            let token = unescapedToken
            return try verify(token.span, position, entry, request, line, now, &output)
        }
        return try verify(
            line.extracting(text.start..<text.end), position, entry, request, line, now, &output)
    }

    /// The profile's position and the first entry that lets the caller verify and grants the audience it asks for.
    /// That entry is charged; where none grants the audience, the first that is for the caller.
    private func permitVerify(
        _ request: Request, _ line: Span<UInt8>, _ identity: Identity, _ now: Moment
    ) throws(Refusal) -> (Int, AllowEntry) {
        let snapshot = serving.snapshot
        let isAdmin = snapshot.isAdmin(identity)
        guard let position = snapshot.profile(request.profile, in: line) else {
            throw .profile(request.profile, in: line, .verify, exists: false, isAdmin)
        }
        var first: AllowEntry?
        for entry in snapshot.profiles[position].profile.allow where entry.concerns(identity, .verify) {
            first = first ?? entry
            if let audience = request.audience, entry.audience(audience, in: line) == nil { continue }
            try charge(entry, ofProfile: position, in: serving, to: identity, at: now)
            return (position, entry)
        }
        guard let first else { throw .profile(request.profile, in: line, .verify, exists: true, isAdmin) }
        try charge(first, ofProfile: position, in: serving, to: identity, at: now)
        throw Refusal(.notPermitted, "you may not verify for that audience")
    }

    private func verify(
        _ token: Span<UInt8>, _ position: Int, _ entry: AllowEntry, _ request: Request, _ line: Span<UInt8>,
        _ now: Int64, _ output: inout [UInt8]
    ) throws(Refusal) -> Bool {
        // The scratch is taken out and put back, so that spans over it are spans over a local.
        var part = TokenPart()
        swap(&part, &tokenPart)
        defer { swap(&part, &tokenPart) }
        let start = output.count
        output.beginResponse(id: reader.id, in: line, ok: true)
        switch try check(token, position, entry, request, line, now, &part, &output) {
        case .heavy:
            output.removeSubrange(start...)
            return false
        case .valid:
            counters.verified.increment()
        case .invalid(let reason, let message):
            counters.invalid.increment()
            output.removeSubrange(start...)
            output.beginResponse(id: reader.id, in: line, ok: true)
            output.append(",\"valid\":false,\"reason\":")
            output.appendJSONString(reason.rawValue)
            output.append(",\"message\":")
            output.appendJSONString(message)
        }
        output.endResponse()
        return true
    }

    private enum Verdict {
        /// To be checked from the beginning by somebody who has time for its key.
        case heavy
        case valid
        case invalid(InvalidReason, String)
    }

    /// Checks a token in the order of docs/protocol.md: structure and header, kid, algorithm, signature, payload. Appends
    /// `kid`, `header` and `claims` as it goes; they count only when the verdict is `valid`.
    private func check(
        _ token: Span<UInt8>, _ position: Int, _ entry: AllowEntry, _ request: Request, _ line: Span<UInt8>,
        _ now: Int64, _ part: inout TokenPart, _ output: inout [UInt8]
    ) throws(Refusal) -> Verdict {
        let served = serving.snapshot.profiles[position]
        let keyring = serving.snapshot.keyrings[served.keyring]
        guard let parts = CompactJWS(token) else {
            return .invalid(.malformed, "a token is three base64url segments, joined by full stops")
        }
        guard part.readSignature(token.extracting(parts.signature)) else {
            return .invalid(.malformed, "the signature is not canonical base64url")
        }
        guard part.read(token.extracting(parts.header)), let header = JWSHeader(part.index, in: part.bytes.span) else {
            return .invalid(.malformed, "the header is not one JSON object that this verifier understands")
        }
        let key: Int
        switch match(header.kid, of: part, in: keyring, now, served.profile.validation.leeway) {
        case .key(let found): key = found
        case .revoked: return .invalid(.revoked, "the token's key is revoked")
        case .unknown: return .invalid(.unknownKey, "no key of the profile's ring has the token's kid")
        }
        let expected = keyring.keys[key].algorithm.name.utf8.span
        guard let algorithm = header.algorithm, algorithm.equals(expected, in: part.bytes.span) else {
            return .invalid(.wrongAlgorithm, "the token's alg is not the algorithm of its key")
        }
        let material = keyring.keys[key].material
        let fact = try fact(token, signedBy: material)
        let isRemembered = fact.map { service.verifyCache?.holds($0) ?? false } ?? false
        if leavesHeavyWork, !isRemembered, material.verifiesSlowly { return .heavy }
        let hasExpectedType = served.profile.type.accepts(header.type, in: part.bytes.span)
        output.append(",\"valid\":true,\"kid\":")
        output.appendJSONString(keyring.keys[key].kid.bytes)
        output.append(",\"header\":")
        part.appendCompact(to: &output)

        if isRemembered {
            counters.remembered.increment()
        } else {
            let signer = try serving.context(keyring: served.keyring, key: key)
            let isSigned: Bool
            do throws(OpenSSLError) {
                isSigned = try signer.verify(part.signature.span, of: token.extracting(parts.signingInput))
            } catch { throw .internalFailure(error) }
            guard isSigned else { return .invalid(.badSignature, "the signature does not fit the token") }
            if let fact { remember(fact) }
        }
        let payload = token.extracting(parts.payload)
        if served.profile.content == .bytes {
            guard Base64URL.decode(payload) != nil else {
                return .invalid(.malformed, "the payload is not canonical base64url")
            }
            guard hasExpectedType else { return Self.verdict(of: .wrongType) }
            output.append(",\"payload\":\"")
            output.append(payload)
            output.append(UInt8(ascii: "\""))
            return .valid
        }
        guard part.read(payload) else { return .invalid(.malformed, "the payload is not one JSON object") }
        do throws(ClaimsValidation.Failure) {
            try validate(part, served.profile, entry, hasExpectedType, request.audience, line, now)
        } catch { return Self.verdict(of: error) }
        output.append(",\"claims\":")
        part.appendCompact(to: &output)
        return .valid
    }

    /// What the cache may know of a token; nil where it is not asked: an HMAC costs no more than that.
    private func fact(
        _ token: Span<UInt8>, signedBy material: KeyMaterial
    ) throws(Refusal) -> VerifyCache.Fact? {
        guard let cache = service.verifyCache, !material.isSymmetric else { return nil }
        do throws(OpenSSLError) { return try cache.fact(token, signedBy: material.fingerprint, digest) } catch {
            throw .internalFailure(error)
        }
    }

    private func remember(_ fact: VerifyCache.Fact) {
        counters.notRemembered.increment()
        service.verifyCache?.add(fact)
    }

    /// Rule HDR-4: by look-up only; without a kid, the only key that verifies.
    private func match(
        _ kid: JWSHeader.KeyID, of part: TokenPart, in keyring: Keyring, _ now: Int64, _ leeway: Int64
    ) -> Keyring.Match {
        switch kid {
        case .missing: keyring.onlyVerificationKey(at: now, leeway: leeway)
        case .unusable: .unknown
        case .text(let text):
            text.unescapedCount(in: part.bytes.span) > Limits.kidBytes
                ? .unknown : keyring.verificationKey(text, in: part.bytes.span, at: now, leeway: leeway)
        }
    }

    private func validate(
        _ part: TokenPart, _ profile: Profile, _ entry: AllowEntry, _ hasExpectedType: Bool, _ audience: JSONText?,
        _ line: Span<UInt8>, _ now: Int64
    ) throws(ClaimsValidation.Failure) {
        let bytes = part.bytes.span
        let requested = audience.flatMap { entry.audience($0, in: line) }
        try profile.validation.validate(part.index, in: bytes, hasExpectedType: hasExpectedType, now: now) { text in
            guard let granted = entry.audience(text, in: bytes) else { return false }
            return requested == nil || granted == requested
        }
    }

    private static func verdict(of failure: ClaimsValidation.Failure) -> Verdict {
        switch failure {
        case .malformed(let problem): .invalid(.malformed, problem)
        case .wrongType: .invalid(.wrongType, "the token's typ is not the profile's")
        case .wrongIssuer: .invalid(.wrongIssuer, "the token's iss is not the profile's issuer")
        case .wrongAudience: .invalid(.wrongAudience, "the token's aud holds no audience that is expected here")
        case .expired: .invalid(.expired, "the token has expired")
        case .notYetValid: .invalid(.notYetValid, "the token is not valid yet: see the clocks of issuer and verifier")
        case .missingClaim(let name):
            .invalid(.missingClaim, "the token lacks the claim \(quoteForMessage(Array(name.utf8)))")
        }
    }
}
