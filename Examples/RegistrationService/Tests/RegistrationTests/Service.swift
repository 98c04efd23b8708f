import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Registration

/// The service with fake tokens, cheap hashes and a database of its own.
struct Service {
    let tokens = FakeTokens()
    let users: UserStore
    let passwords: PasswordCheck
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "registration-tests-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        users = try UserStore(path: folder + "/registration.sqlite")
        passwords = try PasswordCheck(cost: 4)
    }

    /// Runs `body` with a client of a service, and removes the service's database.
    static func run(_ body: @Sendable (Service, any TestClientProtocol) async throws -> Void) async throws {
        let service = try Service()
        defer { try? FileManager.default.removeItem(atPath: service.folder) }
        let router = RegistrationRouter(
            users: service.users, passwords: service.passwords, tokens: service.tokens, verifier: service.tokens)
        try await Application(router: router.build()).test(.router) { try await body(service, $0) }
    }
}

/// An answer, taken apart.
struct Answer {
    let status: Int
    let headers: HTTPFields
    let text: String
    let json: [String: Any]

    init(_ response: TestResponse) {
        status = response.status.code
        headers = response.headers
        text = String(buffer: response.body)
        json = (try? JSONSerialization.jsonObject(with: Data(response.body.readableBytesView))) as? [String: Any] ?? [:]
    }

    /// Whether it is a problem document with this status and code.
    func isProblem(_ status: Int, _ code: String) -> Bool {
        self.status == status && headers[.contentType] == "application/problem+json" && json["code"] as? String == code
            && json["status"] as? Int == status && json["title"] is String && json["detail"] is String
    }

    /// The names of the fields that a problem document is about.
    var wrongFields: Set<String> {
        Set((json["errors"] as? [[String: Any]] ?? []).compactMap { $0["field"] as? String })
    }
}

extension TestClientProtocol {
    func post(_ path: String, _ body: String, contentType: String = "application/json") async throws -> Answer {
        Answer(
            try await execute(
                uri: path, method: .post, headers: [.contentType: contentType], body: ByteBuffer(string: body)))
    }

    func get(_ path: String, token: String? = nil) async throws -> Answer {
        Answer(
            try await execute(
                uri: path, method: .get, headers: token.map { [.authorization: "Bearer \($0)"] } ?? [:]))
    }

    func register(
        _ userName: String = "ada", _ email: String = "ada@example.com", _ password: String = "correct horse battery"
    ) async throws -> Answer {
        try await post(
            "/api/account/register", #"{"userName":"\#(userName)","email":"\#(email)","password":"\#(password)"}"#)
    }

    func login(_ userName: String = "ada", _ password: String = "correct horse battery") async throws -> Answer {
        try await post("/api/account/login", #"{"userName":"\#(userName)","password":"\#(password)"}"#)
    }
}
