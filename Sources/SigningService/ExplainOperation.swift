internal import Authorization
internal import JOSE
internal import Keys
internal import OpenSSL
internal import StrictJSON
internal import WireProtocol

extension Worker {
    /// `explain`: what `sign` would do, and by which entry. Nothing is signed.
    ///
    /// - Returns: As of `sign`.
    func explain(
        _ request: Request, _ line: Span<UInt8>, _ identity: Identity, _ now: Moment, _ output: inout [UInt8]
    ) throws(Refusal) -> Outcome {
        let isAdmin = signing.snapshot.isAdmin(identity)
        var subject = identity
        if let impersonated = request.impersonated {
            subject = try readIdentity(impersonated, line)
            guard isAdmin else {
                let place = identity.mayAdminister ? "" : ", at their own socket"
                throw Refusal(.notPermitted, "\"as\" is for admins\(place)")
            }
        }
        let plan: TokenPlan
        switch try self.plan(request, line, for: subject, askedBy: identity, isAdmin: isAdmin, at: now) {
        case .ready(let ready): plan = ready
        case .lacksAccount(let lookup): return .lacksAccount(lookup)
        }
        _ = try writePayload(plan, request, line, to: &payload)
        let header = signing.header(profile: plan.profile, key: plan.key)
        let signer = try signing.context(keyring: plan.keyring, key: plan.key)
        try requireFit(header: Base64URL.encodedCount(header.count) + 1, signature: signer.signatureLength)
        output.beginResponse(id: reader.id, in: line, ok: true)
        output.append(",\"header\":")
        output += header
        if plan.claims != nil {
            output.append(",\"claims\":")
            output += payload
        }
        output.append(",\"rule\":{\"profile\":")
        output.appendJSONString(signing.snapshot.profiles[plan.profile].profile.name.bytes)
        output.append(",\"entry\":")
        output.appendInteger(Int64(plan.entry.number))
        output.append(",\"source\":")
        output.appendJSONString(plan.entry.source.bytes)
        output.append(UInt8(ascii: "}"))
        output.endResponse()
        return .answered
    }

    /// Reads `as`: {"user": string, "groups": [string], "unit": string}.
    private func readIdentity(_ value: JSONValue, _ line: Span<UInt8>) throws(Refusal) -> Identity {
        var user: ByteString?
        var groups: [ByteString] = []
        var unit: ByteString?
        var position = value.firstMember
        while position >= 0 {
            let member = reader.index.members[position]
            position = member.next
            if member.name.equals("user", in: line) {
                guard let text = member.value.text else { throw .malformed("\"as.user\" must be a string") }
                user = ByteString(text.unescaped(in: line))
            } else if member.name.equals("groups", in: line) {
                groups = try readGroups(member.value, line)
            } else if member.name.equals("unit", in: line) {
                guard let text = member.value.text else { throw .malformed("\"as.unit\" must be a string") }
                unit = ByteString(text.unescaped(in: line))
            } else {
                throw .malformed("unknown member \(member.name.quoted(in: line)) in \"as\"")
            }
        }
        return Identity(userName: user, groupNames: groups, unit: unit)
    }

    private func readGroups(_ value: JSONValue, _ line: Span<UInt8>) throws(Refusal) -> [ByteString] {
        guard value.kind == .array else { throw .malformed("\"as.groups\" must be an array of strings") }
        var groups: [ByteString] = []
        var elements = JSONArrayReader(value)
        while let element = elements.next(in: line) {
            guard let text = element.text else { throw .malformed("\"as.groups\" must be an array of strings") }
            groups.append(ByteString(text.unescaped(in: line)))
        }
        return groups
    }
}
