import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import Registration
import Synchronization

/// Asks the service's router, without a server. HummingbirdTesting has the same beside clients for HTTP and TLS, which
/// take nearly half of the build's time.
struct RouterClient {
    private let responder: RouterResponder<AccountContext>

    init(_ router: Router<AccountContext>) { responder = router.buildResponder() }

    private func ask(
        _ method: HTTPRequest.Method, _ path: String, _ headers: HTTPFields, _ body: ByteBuffer = ByteBuffer()
    ) async throws -> Answer {
        let head = HTTPRequest(
            method: method, scheme: "http", authority: "localhost", path: path, headerFields: headers)
        let source = ApplicationRequestContextSource(channel: EmbeddedChannel(), logger: Logger(label: "test"))
        let response = try await responder.respond(
            to: Request(head: head, body: RequestBody(buffer: body)), context: AccountContext(source: source))
        let collector = Collector()
        try await response.body.write(collector)
        return Answer(response, body: collector.body.withLock { $0 })
    }

    private final class Collector: ResponseBodyWriter {
        let body = Mutex(ByteBuffer())

        func write(_ buffer: ByteBuffer) { _ = body.withLock { $0.writeImmutableBuffer(buffer) } }
        func finish(_ trailingHeaders: HTTPFields?) {}
    }

    func post(_ path: String, _ body: String, contentType: String = "application/json") async throws -> Answer {
        let body = ByteBuffer(string: body)
        let headers: HTTPFields = [.contentType: contentType, .contentLength: String(body.readableBytes)]
        return try await ask(.post, path, headers, body)
    }

    func get(_ path: String, token: String? = nil) async throws -> Answer {
        try await ask(.get, path, token.map { [.authorization: "Bearer \($0)"] } ?? [:])
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
