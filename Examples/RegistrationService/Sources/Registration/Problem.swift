import Foundation
import Hummingbird

/// An answer that is not what was asked for, as a problem document (RFC 9457).
package struct Problem: Error, Encodable, Equatable {
    /// The name of this kind of problem, for programs.
    package let code: String
    /// The phrase of the status: RFC 9457 section 4.2.1 wants that where there is no `type`.
    package let title: String
    package let status: Int
    /// What happened, for people.
    package let detail: String
    /// The fields that are wrong, if it is about fields.
    package let errors: [FieldProblem]?
    let headers: HTTPFields

    private enum CodingKeys: String, CodingKey { case code, title, status, detail, errors }

    init(
        _ status: HTTPResponse.Status, _ code: String, _ detail: String, errors: [FieldProblem]? = nil,
        headers: HTTPFields = [:]
    ) {
        self.code = code
        title = status.reasonPhrase
        self.status = status.code
        self.detail = detail
        self.errors = errors
        self.headers = headers
    }

    var response: Response {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let bytes = try encoder.encode(self)
            var headers = headers
            headers[.contentType] = "application/problem+json"
            return Response(
                status: .init(code: status), headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
        }
    }
}

/// What is wrong with one field of a form.
package struct FieldProblem: Encodable, Equatable, Sendable {
    package let field: String
    package let message: String

    static func missing(_ field: String) -> FieldProblem { FieldProblem(field: field, message: "is required") }
}

extension Problem {
    static func invalidFields(_ errors: [FieldProblem]) -> Problem {
        let list = errors.map { "\($0.field): \($0.message)" }.joined(separator: "; ")
        return Problem(.badRequest, "invalid_fields", list, errors: errors)
    }

    static func badRequest(_ detail: String) -> Problem { Problem(.badRequest, "bad_request", detail) }

    static func taken(_ user: UserExists) -> Problem {
        let what = user.field == "email" ? "This address" : "This name"
        return Problem(
            .conflict, "user_exists", "\(what) is taken.",
            errors: [FieldProblem(field: user.field, message: "is taken")])
    }

    /// The same for a name that nobody has and a password that is wrong.
    static var wrongPassword: Problem {
        Problem(
            .unauthorized, "wrong_password", "No user has this name and this password.", headers: challenge())
    }

    /// RFC 6750 section 3.1: without a token, the challenge names no error.
    static var noToken: Problem {
        Problem(.unauthorized, "no_token", "Send a token: Authorization: Bearer TOKEN", headers: challenge())
    }

    static func invalid(_ token: InvalidToken) -> Problem {
        Problem(
            .unauthorized, token.reason, "The token is not accepted: \(token.message).",
            headers: challenge(#", error="invalid_token", error_description="\#(token.reason)""#))
    }

    static func missing(role: String) -> Problem {
        Problem(
            .forbidden, "missing_role", "This needs the role \(role), which the token does not have.",
            headers: challenge(#", error="insufficient_scope""#))
    }

    static func unavailable(retryAfter: Int) -> Problem {
        Problem(
            .serviceUnavailable, "try_later", "Tokens cannot be made or checked at the moment. Nothing has changed.",
            headers: [.retryAfter: "\(retryAfter)"])
    }

    static var ourFault: Problem {
        Problem(.internalServerError, "internal", "Something is wrong here, not with the request.")
    }

    private static func challenge(_ error: String = "") -> HTTPFields {
        [.wwwAuthenticate: #"Bearer realm="registration"\#(error)"#]
    }
}
