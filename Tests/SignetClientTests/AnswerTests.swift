import SignetClient
import Synchronization
import Testing
import WireProtocol

/// A client of a server that gives these answers in turn; `ID` stands for the request's id.
private func answering(_ answers: String...) throws -> (SignetClient, LineServer) {
    let rest = Mutex(answers)
    let server = try LineServer { connection in
        while let line = connection.readLine() {
            let answer = rest.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
            connection.send(answer.replacing("ID", with: requestID(line)) + "\n")
        }
    }
    return (try SignetClient(socketPath: server.path, timeout: .seconds(600), reconnection: .never), server)
}

private func refusal(_ code: String, _ more: String = "") -> String {
    "{\"id\":ID,\"ok\":false,\"error\":{\"code\":\"\(code)\",\"message\":\"why\"\(more)}}"
}

@Suite("What the daemon says")
struct AnswerTests {
    @Test(
        "WIRE-4 each refusal is an error of its own",
        arguments: [
            ("not_permitted", SignetError.notPermitted(message: "why")),
            ("unknown_profile", .unknownProfile(message: "why")),
            ("claims_rejected", .claimsRejected(message: "why")),
            ("ttl_too_long", .ttlTooLong(message: "why")),
            ("too_large", .tooLarge(message: "why")),
            ("no_signing_key", .noSigningKey(message: "why")),
            ("malformed_request", .malformedRequest(message: "why")),
            ("shutting_down", .shuttingDown(message: "why")),
            ("rate_limited", .rateLimited(message: "why", retryAfter: nil)),
            ("overloaded", .overloaded(message: "why", retryAfter: nil)),
            ("internal", .refused(code: "internal", message: "why")),
            ("from_the_future", .refused(code: "from_the_future", message: "why")),
            ("Not_permitted", .refused(code: "Not_permitted", message: "why")),
        ])
    func refusals(code: String, error: SignetError) async throws {
        let (client, server) = try answering(refusal(code))
        defer { server.stop() }
        await #expect(throws: error) { _ = try await client.sign() }
    }

    @Test("Waiting times of refusals arrive")
    func retryAfter() async throws {
        // The second one is told: the client has waited for the first and tried again.
        let (client, server) = try answering(
            refusal("rate_limited", ",\"retry_after_ms\":60"), refusal("rate_limited", ",\"retry_after_ms\":250"))
        defer { server.stop() }
        let began = ContinuousClock.now
        await #expect(throws: SignetError.rateLimited(message: "why", retryAfter: .milliseconds(250))) {
            _ = try await client.sign()
        }
        #expect(began.duration(to: .now) >= .milliseconds(60))
    }

    @Test("Who has no time to wait so long is told at once")
    func noTime() async throws {
        let (client, server) = try answering(refusal("rate_limited", ",\"retry_after_ms\":700000"))
        defer { server.stop() }
        await #expect(throws: SignetError.rateLimited(message: "why", retryAfter: .seconds(700))) {
            _ = try await client.sign()
        }
    }

    @Test(
        "What a busy or stopping daemon did not do is asked once more",
        arguments: ["rate_limited", "overloaded", "shutting_down"])
    func repeated(code: String) async throws {
        let (client, server) = try answering(
            refusal(code, ",\"retry_after_ms\":1"), #"{"id":ID,"ok":true,"token":"t","kid":"k"}"#)
        defer { server.stop() }
        #expect(try await client.sign() == "t")
    }

    @Test("A refusal is never asked twice")
    func notRepeated() async throws {
        let (client, server) = try answering(refusal("not_permitted"), #"{"id":ID,"ok":true,"token":"t","kid":"k"}"#)
        defer { server.stop() }
        await #expect(throws: SignetError.notPermitted(message: "why")) { _ = try await client.sign() }
    }

    @Test("An invalid token is an error with the daemon's reason")
    func invalidToken() async throws {
        let (client, server) = try answering(
            #"{"id":ID,"ok":true,"valid":false,"reason":"expired","message":"an hour ago"}"#)
        defer { server.stop() }
        await #expect(throws: SignetError.invalidToken(reason: .expired, message: "an hour ago")) {
            _ = try await client.verify("a.b.c")
        }
        let (later, laterServer) = try answering(#"{"id":ID,"ok":true,"valid":false,"reason":"moon","message":"full"}"#)
        defer { laterServer.stop() }
        await #expect(throws: SignetError.invalidToken(reason: .other("moon"), message: "full")) {
            _ = try await later.verify("a.b.c")
        }
    }

    @Test(
        "Each reason has a case of its own, and the name that the protocol gives it",
        arguments: InvalidReason.allCases)
    func reasonNames(reason: InvalidReason) async throws {
        let (client, server) = try answering(
            #"{"id":ID,"ok":true,"valid":false,"reason":"\#(reason.rawValue)","message":"why"}"#)
        defer { server.stop() }
        do {
            _ = try await client.verify("a.b.c")
            Issue.record("no error")
        } catch .invalidToken(let told, _) {
            #expect(told.name == reason.rawValue)
            if case .other = told { Issue.record("\(reason) has no case") }
        } catch { Issue.record("\(error)") }
    }

    @Test("JSON-3 claims and header arrive byte for byte")
    func verified() async throws {
        let claims = #"{"n":1.0,"big":12345678901234567890,"e":1E+2,"z":"\u0041","a":{"exp":0}}"#
        let (client, server) = try answering(
            #"{"id":ID,"ok":true,"new":[{"x":{}}],"valid":true,"kid":"k","header":{"alg":"HS512"},"claims":\#(claims)}"#
        )
        defer { server.stop() }
        let token = try await client.verify("a.b.c", profile: "web", audience: "api")
        #expect(token.claims.text == claims)
        #expect(token.header.text == #"{"alg":"HS512"}"#)
        #expect(token.keyID == "k")
        #expect(token.claims["big"]?.text == "12345678901234567890")
        #expect(token.claims["z"]?.string == "A")
    }

    @Test("A signed token comes with its key, expiry and id; unknown members are ignored")
    func signed() async throws {
        let (client, server) = try answering(
            #"{"later":{"ok":false},"ok":true,"jti":"j","exp":170,"kid":"k\u0031","token":"a.b.c","id":ID}"#)
        defer { server.stop() }
        let token = try await client.signedToken(["sub": "x"], ttl: .seconds(1))
        #expect(token.token == "a.b.c")
        #expect(token.keyID == "k1")
        #expect(token.expiry == 170)
        #expect(token.tokenID == "j")
    }

    @Test("A dry run shows header, claims and rule")
    func explained() async throws {
        let (client, server) = try answering(
            #"{"id":ID,"ok":true,"header":{"typ":"JWT"},"claims":{"sub":"x"},"rule":{"entry":1}}"#)
        defer { server.stop() }
        let explanation = try await client.explain(["sub": "x"], as: Caller(user: "web"))
        #expect(explanation.header.text == #"{"typ":"JWT"}"#)
        #expect(explanation.claims["sub"]?.string == "x")
        #expect(explanation.rule["entry"]?.integer == 1)
    }

    @Test(
        "An answer that breaks the protocol is never taken for one",
        arguments: [
            #"{"id":999,"ok":true,"token":"of somebody else","kid":"k"}"#,
            #"{"id":"1","ok":true,"token":"t","kid":"k"}"#,
            #"{"id":1.0,"ok":true,"token":"t","kid":"k"}"#,
            #"{"ok":true,"token":"t","kid":"k"}"#,
            #"{"id":ID,"ok":"true","token":"t","kid":"k"}"#,
            #"{"id":ID,"token":"t","kid":"k"}"#,
            #"{"id":ID,"ok":true,"token":7,"kid":"k"}"#,
            #"{"id":ID,"ok":true,"kid":"k"}"#,
            #"{"id":ID,"ok":true,"token":"t","kid":"k","token":"u"}"#,
            #"{"id":ID,"ok":true,"token":"t","kid":"k"} {}"#,
            #"{"id":ID,"ok":false,"error":"no"}"#,
            #"[1]"#,
            "",
            "nonsense",
        ])
    func violations(answer: String) async throws {
        let (client, server) = try answering(answer)
        defer { server.stop() }
        let error = await #expect(throws: SignetError.self) { _ = try await client.sign() }
        guard case .protocolViolation = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("After a violation the next call has a new connection")
    func recovery() async throws {
        let (client, server) = try answering("nonsense", #"{"id":ID,"ok":true,"token":"t","kid":"k"}"#)
        defer { server.stop() }
        await #expect(throws: SignetError.self) { _ = try await client.sign() }
        #expect(try await client.sign() == "t")
        #expect(server.connectionCount == 2)
    }

    @Test(
        "CLM-8 a ttl that is no whole number of seconds from 1 to 2147483647 is not sent",
        arguments: [Duration.zero, .seconds(-1), .milliseconds(1500), .seconds(2_147_483_648)])
    func ttl(ttl: Duration) async throws {
        let (client, server) = try answering("nonsense")
        defer { server.stop() }
        let error = await #expect(throws: SignetError.self) { _ = try await client.sign(ttl: ttl) }
        guard case .malformedRequest = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server.connectionCount == 0)
    }
}
