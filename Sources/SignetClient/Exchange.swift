internal import POSIX
internal import WireProtocol

/// One request and how its answer is read: what the async client and the blocking one share.
struct Exchange<Result: Sendable>: Sendable {
    let request: RequestLine
    let read: @Sendable (Response) throws(ResponseError) -> Result

    /// What follows from how a call ended.
    enum Step {
        case done(Result)
        /// The request is sent again after so many nanoseconds, over another connection if the daemon closes this one.
        case again(after: UInt64, endsConnection: Bool)
        /// Lines may no longer match the requests: nothing on the connection can be trusted.
        case violation(SignetError)
    }

    func step(after outcome: CallOutcome, _ repetition: inout Repetition) throws(SignetError) -> Step {
        switch outcome {
        case .failed(let error): throw error
        case .broken(let mayBeExecuted):
            return .again(after: try repetition.pause(afterBreak: mayBeExecuted), endsConnection: true)
        case .answered(let line, let id):
            do throws(ResponseError) {
                return .done(try read(try Response(line, expecting: id)))
            } catch {
                switch error {
                case .violation(let message): return .violation(.protocolViolation(message: message))
                case .refused(let refusal):
                    let pause = try repetition.pause(after: refusal)
                    return .again(after: pause, endsConnection: refusal.endsConnection)
                }
            }
        }
    }
}

/// The daemon's word on a token.
enum Verdict: Sendable {
    case valid(VerifiedToken)
    case invalid(InvalidTokenReason, String)

    func get() throws(SignetError) -> VerifiedToken {
        switch self {
        case .valid(let token): return token
        case .invalid(let reason, let message): throw .invalidToken(reason: reason, message: message)
        }
    }
}

extension Exchange<SignedToken> {
    static func sign(_ claims: JSON, _ profile: String?, _ ttl: Duration?) throws(SignetError) -> Self {
        let request = RequestLine.sign(profile: profile, claims: claims.compact, ttl: try ttl.wholeSeconds())
        return Self(request: request) { (response) throws(ResponseError) in
            SignedToken(
                token: try response.text("token"), keyID: try response.text("kid"),
                expiry: response.has("exp") ? try response.integer("exp") : nil,
                tokenID: response.has("jti") ? try response.text("jti") : nil)
        }
    }
}

extension Exchange<Verdict> {
    static func verify(_ token: String, _ profile: String?, _ audience: String?) -> Self {
        let request = RequestLine.verify(token: token, profile: profile, audience: audience)
        return Self(request: request) { (response) throws(ResponseError) in
            guard try response.bool("valid") else {
                return .invalid(InvalidTokenReason(try response.bytes("reason")), try response.text("message"))
            }
            return .valid(
                VerifiedToken(
                    keyID: try response.text("kid"), header: JSON(try response.object("header")),
                    claims: JSON(try response.object("claims"))))
        }
    }
}

extension Exchange<Explanation> {
    static func explain(
        _ claims: JSON, _ profile: String?, _ ttl: Duration?, _ caller: Caller?
    ) throws(SignetError) -> Self {
        let request = RequestLine.explain(
            profile: profile, claims: claims.compact, ttl: try ttl.wholeSeconds(), as: caller?.json)
        return Self(request: request) { (response) throws(ResponseError) in
            Explanation(
                header: JSON(try response.object("header")), claims: JSON(try response.object("claims")),
                rule: JSON(try response.object("rule")))
        }
    }
}

extension Exchange<PublishedKeys> {
    static func jwks(_ keyring: String?) -> Self {
        Self(request: .jwks(keyring: keyring)) { (response) throws(ResponseError) in
            PublishedKeys(
                keySet: JSON(try response.object("jwks")), generation: try response.integer("generation"),
                refreshHint: .seconds(try response.integer("refresh_hint")))
        }
    }
}

extension Exchange<DaemonVersion> {
    static var ping: Self {
        Self(request: .ping) { (response) throws(ResponseError) in
            DaemonVersion(version: try response.text("version"), protocolVersion: try response.integer("protocol"))
        }
    }
}

extension Exchange<JSON> {
    static var status: Self {
        Self(request: .status) { (response) throws(ResponseError) in
            let members = (JSON(response.whole).members ?? []).filter { member in
                !["id", "ok"].contains { member.name.utf8.elementsEqual($0.utf8) }
            }
            return JSON(members: members)
        }
    }
}

extension Exchange<ReloadReport> {
    static func reload(force: Bool) -> Self {
        Self(request: .reload(force: force)) { (response) throws(ResponseError) in
            func keyNames(_ array: CompactJSON) -> [KeyName] {
                (JSON(array).elements ?? []).map {
                    KeyName(keyring: $0["keyring"]?.string ?? "", keyID: $0["kid"]?.string ?? "")
                }
            }
            return ReloadReport(
                generation: try response.integer("generation"), added: keyNames(try response.array("added")),
                removed: keyNames(try response.array("removed")), promoted: keyNames(try response.array("promoted")),
                warnings: (JSON(try response.array("warnings")).elements ?? []).compactMap(\.string))
        }
    }
}

extension Duration? {
    /// A time to live as the wire has it: whole seconds.
    fileprivate func wholeSeconds() throws(SignetError) -> Int64? {
        guard let self else { return nil }
        let (seconds, attoseconds) = self.components
        guard attoseconds == 0, 1...Limits.largestTTL ~= seconds else {
            throw .malformedRequest(message: "a ttl is a whole number of seconds from 1 to \(Limits.largestTTL)")
        }
        return seconds
    }
}
