import Foundation
import HTTPTypes
import Hummingbird
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
    static func run(_ body: (Service, RouterClient) async throws -> Void) async throws {
        let service = try Service()
        defer { try? FileManager.default.removeItem(atPath: service.folder) }
        let router = RegistrationRouter(
            users: service.users, passwords: service.passwords, tokens: service.tokens, verifier: service.tokens)
        try await body(service, RouterClient(router.build()))
    }
}

/// An answer, taken apart.
struct Answer {
    let status: Int
    let headers: HTTPFields
    let text: String
    let json: [String: Any]

    init(_ response: Response, body: ByteBuffer) {
        status = response.status.code
        headers = response.headers
        text = String(buffer: body)
        json = (try? JSONSerialization.jsonObject(with: Data(body.readableBytesView))) as? [String: Any] ?? [:]
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
