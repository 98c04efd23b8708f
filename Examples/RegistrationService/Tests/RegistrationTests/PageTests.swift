import HTTPTypes
import Testing

@Suite("The page")
struct PageTests {
    @Test(
        "its files come with their types and a policy that allows nothing else",
        arguments: [
            ("/", "text/html"), ("/page.js", "text/javascript"), ("/page.css", "text/css"),
            ("/icon.svg", "image/svg+xml"),
        ])
    func isServed(path: String, type: String) async throws {
        try await Service.run { _, client in
            let answer = try await client.get(path)
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType] == "\(type); charset=utf-8")
            let policy = answer.headers[.contentSecurityPolicy] ?? ""
            #expect(policy.contains("default-src 'none'"))
            #expect(!policy.contains("unsafe"))
            #expect(answer.headers[.xContentTypeOptions] == "nosniff")
        }
    }

    @Test("it holds no script, no style and no handler of its own, and says how to change the key")
    func isPlain() async throws {
        try await Service.run { _, client in
            let html = try await client.get("/").text
            #expect(!html.contains("<style"))
            #expect(!html.contains(" style="))
            #expect(!html.contains("<script>"))
            #expect(html.firstMatch(of: /\son[a-z]+=/) == nil)
            #expect(html.contains("signet key rotate registration --reload"))
        }
    }

    @Test("what is not there is a problem document with the same headers")
    func missesPolitely() async throws {
        try await Service.run { _, client in
            let answer = try await client.get("/nowhere")
            #expect(answer.isProblem(404, "http"))
            #expect(answer.headers[.contentSecurityPolicy] != nil)
        }
    }
}
