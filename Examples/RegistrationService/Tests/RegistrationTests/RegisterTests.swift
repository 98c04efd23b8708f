import HTTPTypes
import Registration
import Testing

@Suite("POST /api/account/register")
struct RegisterTests {
    private static let weak: [(String, Set<String>)] = [
        ("{}", ["userName", "email", "password"]),
        (#"{"userName":"ada","email":"ada@example.com"}"#, ["password"]),
        (#"{"userName":"ada","email":"ada@example.com","password":null}"#, ["password"]),
        (#"{"userName":"a b","email":"ada","password":"short"}"#, ["userName", "email", "password"]),
        (#"{"userName":"ad","email":"a@@b","password":"aaaaaaaaaaaaaaaa"}"#, ["userName", "email", "password"]),
        (#"{"userName":"ada.lovelace","email":"a@b","password":"I am Ada.Lovelace"}"#, ["password"]),
        (#"{"userName":1,"email":"ada@example.com","password":"correct horse battery"}"#, ["userName"]),
        (#"{"userName":"ada","email":"a@b.","password":"correct horse battery"}"#, ["email"]),
        (#"{"userName":"ada","email":"a\r\nb@c","password":"correct horse battery"}"#, ["email"]),
    ]

    @Test("answers 201 with the user and a token, which no cache keeps")
    func registers() async throws {
        try await Service.run { service, client in
            let answer = try await client.register()
            #expect(answer.status == 201)
            #expect(answer.json["userName"] as? String == "ada")
            #expect(answer.json["email"] as? String == "ada@example.com")
            #expect(Set(answer.json.keys) == ["userName", "email", "token"])
            #expect(answer.headers[.cacheControl] == "no-store")
            let claims = try await service.tokens.verify(answer.json["token"] as? String ?? "").user
            #expect(claims.email == "ada@example.com")
            #expect(claims.givenName == "ada")
            #expect(claims.roles == ["user"])
            #expect(try await service.users.user(named: "ada")?.user.id == claims.sub)
        }
    }

    @Test(
        "answers 409 for a name or an address that is taken, in whatever case",
        arguments: [
            ("ada", "other@example.com", "userName"), ("ADA", "other@example.com", "userName"),
            ("other", "ada@example.com", "email"), ("other", "Ada@Example.COM", "email"),
        ])
    func refusesDuplicates(userName: String, email: String, field: String) async throws {
        try await Service.run { service, client in
            #expect(try await client.register().status == 201)
            let answer = try await client.register(userName, email)
            #expect(answer.isProblem(409, "user_exists"))
            #expect(answer.wrongFields == [field])
            #expect(try await service.users.all().count == 1)
            #expect(service.tokens.count == 1)
        }
    }

    @Test("answers 400 and names every field that is missing or weak", arguments: weak)
    func refusesWeak(body: String, fields: Set<String>) async throws {
        try await Service.run { service, client in
            let answer = try await client.post("/api/account/register", body)
            #expect(answer.isProblem(400, "invalid_fields"))
            #expect(answer.wrongFields == fields)
            #expect(try await service.users.all().isEmpty)
        }
    }

    @Test("answers 400 for what is no JSON, 415 for what does not say that it is, 413 for what is endless")
    func refusesForeignBodies() async throws {
        try await Service.run { _, client in
            #expect(try await client.post("/api/account/register", "userName=ada").isProblem(400, "bad_request"))
            #expect(try await client.post("/api/account/register", "[]").isProblem(400, "bad_request"))
            let form = try await client.post("/api/account/register", "{}", contentType: "text/plain")
            #expect(form.isProblem(415, "not_json"))
            let endless = String(repeating: " ", count: 20_000)
            #expect(try await client.post("/api/account/register", endless).isProblem(413, "too_large"))
        }
    }

    @Test("answers 503 with Retry-After when there are no tokens; the same request succeeds later")
    func leavesNothingBehind() async throws {
        try await Service.run { service, client in
            service.tokens.fail(.unavailable(retryAfter: 7, cause: "a test"))
            let answer = try await client.register()
            #expect(answer.isProblem(503, "try_later"))
            #expect(answer.headers[.retryAfter] == "7")
            #expect(!answer.text.contains("a test"))
            service.tokens.fail(nil)
            #expect(try await client.register().status == 201)
        }
    }

    @Test("answers 500 without a word of the cause when the daemon refuses us")
    func hidesMisconfiguration() async throws {
        try await Service.run { service, client in
            service.tokens.fail(.misconfigured(cause: "no entry for uid 1000"))
            let answer = try await client.register()
            #expect(answer.isProblem(500, "internal"))
            #expect(!answer.text.contains("1000"))
        }
    }

    @Test("of many at one time for one name, one succeeds and the others get 409")
    func settlesRaces() async throws {
        try await Service.run { service, client in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 1...20 {
                    group.addTask { try await client.register("ada", "ada\(number)@example.com").status }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.count { $0 == 201 } == 1)
            #expect(statuses.count { $0 == 409 } == 19)
            #expect(try await service.users.all().count == 1)
        }
    }
}
