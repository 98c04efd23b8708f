import Hummingbird
import Logging

/// Answers every error with a problem document, and keeps answers of the interface out of caches.
struct ProblemMiddleware: RouterMiddleware {
    func handle(
        _ request: Request, context: AccountContext, next: (Request, AccountContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            response = try problem(of: error, context.logger).response
        }
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        return response
    }

    private func problem(of error: any Error, _ logger: Logger) -> Problem {
        switch error {
        case let problem as Problem:
            return problem
        case let token as InvalidToken:
            return .invalid(token)
        case let user as UserExists:
            return .taken(user)
        case TokenServiceError.unavailable(let retryAfter, let cause):
            logger.warning("no word from signetd", metadata: ["cause": "\(cause)"])
            return .unavailable(retryAfter: retryAfter)
        case TokenServiceError.misconfigured(let cause):
            logger.error("signetd refuses us", metadata: ["cause": "\(cause)"])
            return .ourFault
        case let error as HTTPError:
            return Problem(error.status, "http", error.body ?? error.status.reasonPhrase, headers: error.headers)
        default:
            logger.error("a request failed", metadata: ["cause": "\(error)"])
            return .ourFault
        }
    }
}
