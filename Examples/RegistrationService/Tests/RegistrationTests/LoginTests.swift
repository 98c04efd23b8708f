import HTTPTypes
import Registration
import Testing

@Suite("POST /api/account/login")
struct LoginTests {
    @Test("answers 200 with the user and another token, whatever the case of the name")
    func logsIn() async throws {
        try await Service.run { _, client in
            let first = try await client.register()
            let answer = try await client.login("Ada")
            #expect(answer.status == 200)
            #expect(answer.json["userName"] as? String == "ada")
            #expect(answer.json["email"] as? String == "ada@example.com")
            #expect(answer.json["token"] as? String != first.json["token"] as? String)
        }
    }

    @Test("answers a wrong password and an unknown user alike, after the same work")
    func tellsNobodyWhoIsThere() async throws {
        try await Service.run { service, client in
            #expect(try await client.register().status == 201)
            let wrong = try await client.login("ada", "incorrect horse battery")
            let unknown = try await client.login("bob", "incorrect horse battery")
            #expect(wrong.isProblem(401, "wrong_password"))
            #expect(wrong.text == unknown.text)
            #expect(wrong.status == unknown.status)
            #expect(wrong.headers == unknown.headers)
            #expect(wrong.headers[.wwwAuthenticate] == #"Bearer realm="registration""#)

            let kept = try #require(try await service.users.user(named: "ada")).hash
            #expect(service.passwords.decoy.cost == kept.cost)
            #expect(try await !service.passwords.matches("incorrect horse battery", nil))
            // The work is done, and not only prepared: it fails where it cannot be done.
            let broken = PasswordCheck(cost: 4, decoy: PasswordHash(text: "no hash"))
            await #expect(throws: UnreadableHash.self) { try await broken.matches("incorrect horse battery", nil) }
        }
    }

    @Test("answers 400 and names what is missing")
    func namesMissing() async throws {
        try await Service.run { _, client in
            let answer = try await client.post("/api/account/login", #"{"password":""}"#)
            #expect(answer.isProblem(400, "invalid_fields"))
            #expect(answer.wrongFields == ["userName", "password"])
        }
    }

    @Test("answers 503 with Retry-After when there are no tokens, and 401 all the same for a wrong password")
    func survivesTheDaemon() async throws {
        try await Service.run { service, client in
            let registered = try await client.register()
            #expect(registered.status == 201)
            service.tokens.fail(.unavailable(retryAfter: 5, cause: "a test"))
            let answer = try await client.login()
            #expect(answer.isProblem(503, "try_later"))
            #expect(answer.headers[.retryAfter] == "5")
            #expect(try await client.login("ada", "incorrect horse battery").status == 401)
        }
    }
}
