internal import Authorization
internal import JOSE
internal import Keys
internal import StrictJSON
internal import WireProtocol

/// The lines of signatures, with `audit = "all"`: who got which token, never what is in it.
///
/// They are written here rather than by swift-log, whose dictionaries would cost more than the signature, and gathered
/// until the answers of a turn leave.
extension Worker {
    /// Refuses to sign while the log has no room: no token leaves whose line might be lost. Loops do not wait for it, so
    /// that everything else is served on.
    func requireRoomForAudit() throws(Refusal) {
        guard let log = service.auditLog, log.hasRoom else {
            throw Refusal(
                .overloaded, "the audit log is not written as fast as tokens are signed",
                retryAfterMilliseconds: Self.auditRetry)
        }
    }

    /// When there may be room again, in milliseconds.
    private static let auditRetry: Int64 = 100

    /// Notes a token that was signed.
    ///
    /// - Parameter jti: Where it stands in `payload`.
    func noteSignature(_ plan: TokenPlan, jti: Range<Int>?, for identity: Identity, at time: Int64) {
        let snapshot = signing.snapshot
        auditLine.begin(Self.verb.span, .info, .signed)
        auditLine.add("time", time)
        if let uid = identity.uid { auditLine.add("uid", Int64(uid)) }
        if let unit = identity.unit { auditLine.add("unit", unit) }
        auditLine.add("profile", snapshot.profiles[plan.profile].profile.name)
        auditLine.add("kid", snapshot.keyrings[plan.keyring].keys[plan.key].kid)
        if let claims = plan.claims, let jti {
            auditLine.add("jti", payload.span.extracting(jti))
            auditLine.add("aud", plan.entry.audiences[claims.grant.audience])
            auditLine.add("exp", claims.expires)
        }
        auditLine.append(to: &auditLines)
    }

    private static let verb = Array("signed".utf8)

    /// Hands the lines of what was signed to the log. Whoever sends answers does this first, so that nobody holds a token
    /// whose line the log has not got.
    package func handOverAudit() {
        guard !auditLines.isEmpty else { return }
        service.auditLog?.append(auditLines)
        auditLines.removeAll(keepingCapacity: true)
    }
}

extension LogLine {
    fileprivate mutating func add(_ name: StaticString, _ number: Int64) {
        var digits: [UInt8] = []
        digits.appendInteger(number)
        add(name, digits.span)
    }

    fileprivate mutating func add(_ name: StaticString, _ value: ByteString) { add(name, value.bytes.span) }

    fileprivate mutating func add(_ name: StaticString, _ value: Span<UInt8>) {
        var bytes: [UInt8] = []
        bytes.append(name)
        add(bytes.span, value)
    }
}
