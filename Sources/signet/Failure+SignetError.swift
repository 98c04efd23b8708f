internal import SignetClient

extension Failure {
    /// What went wrong and what to do next, for the person at the terminal.
    init(_ error: SignetError, _ request: RefusedRequest? = nil) {
        let hints = NextStep.hints(after: error, request)
        switch error {
        case .invalidToken(let reason, let message):
            self.init(invalidToken: "invalid token: \(Output.printable(reason.name)): \(Output.printable(message))")
        case .unexpectedClaims(let message): self.init("unexpected claims: \(Output.printable(message))", hints: hints)
        case .notPermitted(let message): self.init("not permitted: \(Output.printable(message))", hints: hints)
        case .unknownProfile(let message): self.init("unknown profile: \(Output.printable(message))", hints: hints)
        case .unknownKeyring(let message): self.init("unknown keyring: \(Output.printable(message))", hints: hints)
        case .claimsRejected(let message): self.init("claims rejected: \(Output.printable(message))", hints: hints)
        case .ttlTooLong(let message): self.init("ttl too long: \(Output.printable(message))", hints: hints)
        case .tooLarge(let message): self.init("too large: \(Output.printable(message))", hints: hints)
        case .malformedRequest(let message): self.init("malformed request: \(Output.printable(message))", hints: hints)
        case .noSigningKey(let message): self.init("no signing key: \(Output.printable(message))", hints: hints)
        case .rateLimited(let message, _): self.init("rate limited: \(Output.printable(message))", hints: hints)
        case .overloaded(let message, _): self.init("overloaded: \(Output.printable(message))", hints: hints)
        case .shuttingDown(let message): self.init("the daemon is stopping: \(Output.printable(message))", hints: hints)
        case .reloadFailed(let message):
            self.init("the reload failed and changed nothing: \(Output.printable(message))", hints: hints)
        case .refused(let code, let message):
            self.init("\(Output.printable(code)): \(Output.printable(message))", hints: hints)
        case .unavailable(let path, let reason): self.init(Self.words(reason, path), hints: hints)
        case .serverNotTrusted(let path, let userID):
            self.init("\(path) belongs to user id \(userID), neither root nor signet; nothing was sent to it")
        case .timedOut: self.init("no answer in time", hints: hints)
        case .cancelled: self.init("cancelled")
        case .connectionLost: self.init("the connection broke before the answer came", hints: hints)
        case .protocolViolation(let message):
            self.init("that is not signetd's answer: \(Output.printable(message)); is the socket the right one?")
        }
    }

    private static func words(_ reason: UnavailabilityReason, _ path: String) -> String {
        switch reason {
        case .noSocket: "no socket at \(Output.printable(path))"
        case .permissionDenied: "may not connect to \(Output.printable(path))"
        case .connectionRefused: "nobody listens at \(Output.printable(path))"
        case .system(let message): "cannot connect to \(Output.printable(path)): \(message)"
        }
    }
}

/// Runs `body` and turns the client's errors into what the person at the terminal needs.
func explainingErrors<Result>(
    _ request: RefusedRequest? = nil, _ body: () async throws(SignetError) -> Result
) async throws(Failure) -> Result {
    do throws(SignetError) {
        return try await body()
    } catch {
        throw Failure(error, request)
    }
}
