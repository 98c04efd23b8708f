import Registration
import SignetClient
import Testing

@Suite("Signet as a token service")
struct SignetTokenServiceTests {
    @Test("that is not there is unavailable, for signing and for verifying")
    func isUnavailable() async throws {
        let signet = SignetTokenService(
            signet: try SignetClient(socketPath: "/nonexistent/signet.sock"), profile: "registration")
        let user = AppUser(id: "user-1", userName: "ada", email: "ada@example.com")
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await signet.createToken(for: user) }, { _ = try await signet.verify("a.b.c") },
        ]
        for call in calls {
            let error = await #expect(throws: TokenServiceError.self) { try await call() }
            guard case .unavailable(let retryAfter, _) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(retryAfter > 0)
        }
    }

    @Test("the wait that the daemon asks for is passed on, in whole seconds")
    func passesWaitOn() {
        let error = SignetError.overloaded(message: "busy", retryAfter: .milliseconds(2_300)).asSeenByUsers
        #expect(
            error as? TokenServiceError
                == .unavailable(
                    retryAfter: 3, cause: "\(SignetError.overloaded(message: "busy", retryAfter: .milliseconds(2_300)))"
                ))
    }

    @Test("a bad token is told from a refusal of ours")
    func tellsErrorsApart() {
        let expired = SignetError.invalidToken(reason: .expired, message: "it has expired").asSeenByUsers
        #expect(expired as? InvalidToken == InvalidToken(reason: "expired", message: "it has expired"))
        guard case .misconfigured? = SignetError.notPermitted(message: "no").asSeenByUsers as? TokenServiceError else {
            Issue.record("notPermitted is a fault of the set-up")
            return
        }
        #expect(SignetError.cancelled.asSeenByUsers is CancellationError)
    }
}
