import Hummingbird

/// Lets only requests with a token that holds pass (RFC 6750 section 2.1), and notes whose it is.
struct BearerMiddleware: RouterMiddleware {
    let verifier: any TokenVerifier

    func handle(
        _ request: Request, context: AccountContext, next: (Request, AccountContext) async throws -> Response
    ) async throws -> Response {
        guard let token = request.bearerToken else { throw Problem.noToken }
        var context = context
        context.verifiedUser = try await verifier.verify(token)
        return try await next(request, context)
    }
}

extension Request {
    /// What stands behind `Bearer`, whatever it is.
    var bearerToken: String? {
        guard let parts = headers[.authorization]?.split(separator: " ", omittingEmptySubsequences: true),
            parts.count == 2, parts[0].lowercased() == "bearer"
        else { return nil }
        return String(parts[1])
    }
}
