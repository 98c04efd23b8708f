internal import SignetClient

extension Failure {
    /// What went wrong and what to do next, for the person at the terminal.
    init(_ error: SignetError) {
        switch error {
        case .invalidToken(let reason, let message):
            self.init(invalidToken: "invalid token: \(reason.name): \(Output.printable(message))")
        case .unexpectedClaims(let message): self.init("unexpected claims: \(Output.printable(message))")
        case .notPermitted(let message): self.init("not permitted: \(Output.printable(message))")
        case .unknownProfile(let message): self.init("unknown profile: \(Output.printable(message))")
        case .unknownKeyring(let message): self.init("unknown keyring: \(Output.printable(message))")
        case .claimsRejected(let message): self.init("claims rejected: \(Output.printable(message))")
        case .ttlTooLong(let message): self.init("ttl too long: \(Output.printable(message))")
        case .tooLarge(let message): self.init("too large: \(Output.printable(message))")
        case .malformedRequest(let message): self.init("malformed request: \(Output.printable(message))")
        case .noSigningKey(let message): self.init("no signing key: \(Output.printable(message))")
        case .rateLimited(let message, _): self.init("rate limited: \(Output.printable(message)); try again later")
        case .overloaded(let message, _): self.init("overloaded: \(Output.printable(message)); try again later")
        case .shuttingDown(let message):
            self.init("the daemon is stopping: \(Output.printable(message)); systemctl status signetd")
        case .reloadFailed(let message):
            self.init("the reload failed and changed nothing: \(Output.printable(message))")
        case .refused(let code, let message):
            self.init("\(Output.printable(code)): \(Output.printable(message)); the daemon's log says more")
        case .unavailable(let path, let reason): self.init(unavailable: path, reason)
        case .serverNotTrusted(let path, let userID):
            self.init("\(path) belongs to user id \(userID), neither root nor signet; nothing was sent to it")
        case .timedOut: self.init("no answer in time; is signetd overloaded? systemctl status signetd")
        case .cancelled: self.init("cancelled")
        case .connectionLost: self.init("the connection broke before the answer came; systemctl status signetd")
        case .protocolViolation(let message):
            self.init("that is not signetd's answer: \(Output.printable(message)); is the socket the right one?")
        }
    }

    private init(unavailable path: String, _ reason: UnavailabilityReason) {
        switch reason {
        case .noSocket: self.init("no socket at \(path); is signetd running? systemctl status signetd")
        case .permissionDenied:
            self.init("may not connect to \(path); is your user in the socket's group? ls -l \(path)")
        case .connectionRefused: self.init("nobody listens at \(path); is signetd running? systemctl status signetd")
        case .system(let message): self.init("cannot connect to \(path): \(message)")
        }
    }
}

extension InvalidTokenReason {
    /// As the protocol names it.
    fileprivate var name: String {
        switch self {
        case .malformed: "malformed"
        case .unknownKey: "unknown_key"
        case .revoked: "revoked"
        case .wrongAlgorithm: "wrong_algorithm"
        case .badSignature: "bad_signature"
        case .wrongType: "wrong_type"
        case .wrongIssuer: "wrong_issuer"
        case .wrongAudience: "wrong_audience"
        case .expired: "expired"
        case .notYetValid: "not_yet_valid"
        case .missingClaim: "missing_claim"
        case .other(let name): Output.printable(name)
        }
    }
}

/// Runs `body` and turns the client's errors into what the person at the terminal needs.
func explainingErrors<Result>(_ body: () async throws(SignetError) -> Result) async throws(Failure) -> Result {
    do throws(SignetError) {
        return try await body()
    } catch {
        throw Failure(error)
    }
}
