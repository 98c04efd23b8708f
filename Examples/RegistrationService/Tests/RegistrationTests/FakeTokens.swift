import Registration
import SignetClient
import Synchronization

/// Tokens without a daemon: numbers, and a memory of what each stands for.
final class FakeTokens: TokenService, TokenVerifier {
    private struct State {
        var users: [String: UserClaims] = [:]
        var refused: [String: InvalidToken] = [:]
        var failure: TokenServiceError?
    }

    private let state = Mutex(State())

    func createToken(for user: AppUser) async throws -> String {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            let token = "token-\(state.users.count + 1)"
            state.users[token] = UserClaims(user)
            return token
        }
    }

    func verify(_ token: String) async throws -> VerifiedUser {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            if let reason = state.refused[token] { throw reason }
            guard let claims = state.users[token] else {
                throw InvalidToken(reason: "bad_signature", message: "the signature does not verify")
            }
            return try VerifiedUser(claims: JSON(encoding: claims))
        }
    }

    /// From now on `token` is refused.
    func refuse(_ token: String, _ reason: InvalidToken) { state.withLock { $0.refused[token] = reason } }

    /// From now on nobody gets any word; nil: everybody does again.
    func fail(_ failure: TokenServiceError?) { state.withLock { $0.failure = failure } }

    /// How many tokens were made.
    var count: Int { state.withLock { $0.users.count } }
}
