internal import Authorization
internal import JOSE
internal import Keys
internal import OpenSSL
internal import StrictJSON
internal import WireProtocol

extension Worker {
    /// `sign`: decides, and signs or leaves it to others.
    ///
    /// - Returns: How it was answered; or `lacksAccount` with nothing written.
    func sign(
        _ request: Request, _ line: Span<UInt8>, _ identity: Identity, _ now: Moment, _ output: inout [UInt8]
    ) throws(Refusal) -> Outcome {
        let snapshot = signing.snapshot
        let plan: TokenPlan
        switch try self.plan(
            request, line, for: identity, askedBy: identity, isAdmin: snapshot.isAdmin(identity), at: now)
        {
        case .ready(let ready): plan = ready
        case .lacksAccount(let lookup): return .lacksAccount(lookup)
        }
        if snapshot.audit == .all { try requireRoomForAudit() }
        if leavesHeavyWork, snapshot.keyrings[plan.keyring].keys[plan.key].material.signsSlowly {
            return leave(.sign(plan), of: line, from: identity, at: now, decidedBy: snapshot)
        }
        try sign(request, line, plan, for: identity, at: now, &output)
        return .answered
    }

    /// Writes the payload once, encodes and signs it in place in the answer.
    func sign(
        _ request: Request, _ line: Span<UInt8>, _ plan: TokenPlan, for identity: Identity, at now: Moment,
        _ output: inout [UInt8]
    ) throws(Refusal) {
        let last = try writePayload(plan, request, line, to: &payload)
        output.beginResponse(id: reader.id, in: line, ok: true)
        output.append(",\"token\":\"")
        try appendToken(plan, to: &output)
        if signing.snapshot.audit == .all { noteSignature(plan, jti: last?.jti, for: identity, at: now.unixSeconds) }
        output.append("\",\"kid\":")
        signing.appendQuotedKid(profile: plan.profile, key: plan.key, to: &output)
        if let last {
            // `exp` and `jti` as they end the claims, with the brace.
            output += payload[last.all]
            output.append(UInt8(ascii: "\n"))
        } else {
            output.endResponse()
        }
    }

    /// Appends header, payload and signature (RFC 7515 section 5.1).
    private func appendToken(_ plan: TokenPlan, to output: inout [UInt8]) throws(Refusal) {
        let start = output.count
        signing.appendEncodedHeader(profile: plan.profile, key: plan.key, to: &output)
        let header = output.count - start
        Base64URL.append(payload.span, to: &output)
        let signer = try signing.context(keyring: plan.keyring, key: plan.key)
        try requireFit(header: header, signature: signer.signatureLength)
        do throws(OpenSSLError) { try signer.appendSignature(to: &output, from: start) } catch {
            throw .internalFailure(error)
        }
        // Rules ROT-1 and ROT-2: from now on the key is never next again, and verifies at least until then.
        let life = signing.snapshot.keyrings[plan.keyring].lives.all[plan.key]
        life.record.noteSignature(expires: plan.claims?.expires ?? KeyRecord.never)
        counters.signed.increment()
    }
}
