import Foundation
import Hummingbird
import Logging
import NIOCore
import SignetClient

/// Registration, login, and who one is.
struct AccountRoutes: Sendable {
    let users: UserStore
    let passwords: PasswordCheck
    let tokens: any TokenService

    /// What registration and login answer.
    struct Answer: ResponseEncodable {
        let userName: String
        let email: String
        /// Whoever has it is taken for the user, until it expires.
        let token: String
    }

    /// The token is made before the user is kept: when there is none to be had, nothing has changed, and the same
    /// request may be sent again.
    func register(_ request: Request, _ context: AccountContext) async throws -> EditedResponse<Answer> {
        let form = try await request.form(RegistrationForm.self, context).checked()
        if let taken = try await users.owner(of: form.userName, or: form.email) { throw taken }
        let user = AppUser(id: UUID().uuidString.lowercased(), userName: form.userName, email: form.email)
        let hash = try await passwords.hash(form.password)
        let token = try await tokens.createToken(for: user)
        try await users.add(user, hash)
        context.logger.info("registered", metadata: ["user": "\(user.id)"])
        return EditedResponse(
            status: .created, response: Answer(userName: user.userName, email: user.email, token: token))
    }

    func login(_ request: Request, _ context: AccountContext) async throws -> Answer {
        let form = try await request.form(LoginForm.self, context).checked()
        let found = try await users.user(named: form.userName)
        guard try await passwords.matches(form.password, found?.hash), let user = found?.user else {
            throw Problem.wrongPassword
        }
        let token = try await tokens.createToken(for: user)
        return Answer(userName: user.userName, email: user.email, token: token)
    }

    /// The claims, as they stand in the token.
    func me(_ request: Request, _ context: AccountContext) async throws -> Response {
        let claims = try context.requireUser().claims
        return Response(
            status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(bytes: claims.utf8)))
    }
}

extension Request {
    /// The body as a form.
    /// - Throws: A problem that says what is wrong with it, and never what stands in it.
    func form<Form: Decodable>(_ type: Form.Type, _ context: AccountContext) async throws -> Form {
        guard let contentType = headers[.contentType]?.split(separator: ";").first,
            contentType.trimmingCharacters(in: .whitespaces).lowercased() == "application/json"
        else {
            throw Problem(.unsupportedMediaType, "not_json", "Send a JSON object as application/json.")
        }
        var request = self
        let body: ByteBuffer
        do {
            body = try await request.collectBody(upTo: context.maxUploadSize)
        } catch is NIOTooManyBytesError {
            throw Problem(.contentTooLarge, "too_large", "The body is longer than \(context.maxUploadSize) bytes.")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(body.readableBytesView))
        } catch DecodingError.typeMismatch(_, let place) where !place.codingPath.isEmpty {
            throw Problem.invalidFields([
                FieldProblem(field: place.codingPath[0].stringValue, message: "must be a string")
            ])
        } catch {
            throw Problem.badRequest("The body is no JSON object.")
        }
    }
}
