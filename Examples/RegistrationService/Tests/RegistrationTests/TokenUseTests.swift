import HTTPTypes
import Registration
import Testing

@Suite("What a token opens")
struct TokenUseTests {
    @Test("GET /api/account/me answers the claims")
    func answersClaims() async throws {
        try await Service.run { _, client in
            let token = try await client.register().json["token"] as? String
            let answer = try await client.get("/api/account/me", token: token)
            #expect(answer.status == 200)
            #expect(answer.json["email"] as? String == "ada@example.com")
            #expect(answer.json["given_name"] as? String == "ada")
            #expect(answer.json["roles"] as? [String] == ["user"])
        }
    }

    @Test("no token: 401 with a challenge that names no error", arguments: ["/api/account/me", "/api/admin/users"])
    func demandsToken(path: String) async throws {
        try await Service.run { _, client in
            let answer = try await client.get(path)
            #expect(answer.isProblem(401, "no_token"))
            #expect(answer.headers[.wwwAuthenticate] == #"Bearer realm="registration""#)
        }
    }

    @Test("a token that does not hold: 401, and why", arguments: ["expired", "bad_signature", "revoked"])
    func refusesInvalid(reason: String) async throws {
        try await Service.run { service, client in
            let token = try #require(try await client.register().json["token"] as? String)
            service.tokens.refuse(token, InvalidToken(reason: reason, message: "for a test"))
            let answer = try await client.get("/api/account/me", token: token)
            #expect(answer.isProblem(401, reason))
            let challenge = #"Bearer realm="registration", error="invalid_token", error_description="\#(reason)""#
            #expect(answer.headers[.wwwAuthenticate] == challenge)
        }
    }

    @Test("nobody can tell: 503, not 401")
    func tellsDoubtFromRefusal() async throws {
        try await Service.run { service, client in
            let token = try await client.register().json["token"] as? String
            service.tokens.fail(.unavailable(retryAfter: 5, cause: "a test"))
            let answer = try await client.get("/api/account/me", token: token)
            #expect(answer.isProblem(503, "try_later"))
            #expect(answer.headers[.retryAfter] == "5")
        }
    }

    @Test("GET /api/admin/users needs the role in the token; the database is not asked")
    func needsRole() async throws {
        try await Service.run { service, client in
            let old = try await client.register().json["token"] as? String
            let refused = try await client.get("/api/admin/users", token: old)
            #expect(refused.isProblem(403, "missing_role"))
            #expect(refused.headers[.wwwAuthenticate]?.contains("insufficient_scope") == true)

            #expect(try await service.users.grant(Role.admin, to: "ada"))
            #expect(try await client.get("/api/admin/users", token: old).status == 403)
            let new = try await client.login().json["token"] as? String
            let answer = try await client.get("/api/admin/users", token: new)
            #expect(answer.status == 200)
            #expect(answer.text.contains("ada@example.com"))
            #expect(!answer.text.contains("scrypt"))
        }
    }
}
