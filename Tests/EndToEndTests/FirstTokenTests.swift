import Foundation
import SignetClient
import Testing

@Suite("A service asks for a token and has it verified")
struct FirstTokenTests {
    @Test("A token with the claims of a new user is signed and verifies")
    func signAndVerify() throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        let signed = try client.ask(
            #"{"id":1,"op":"sign","claims":{"sub":"user-1","email":"ada@example.com","given_name":"Ada"},"ttl":604800}"#
        )
        #expect(signed.isOK)
        #expect(signed.text("kid") == TestDaemon.kid)
        let verified = try client.ask(#"{"op":"verify","token":"\#(signed.text("token"))"}"#)
        #expect(verified.isValid == true)
        #expect(verified.claims["given_name"] as? String == "Ada")
        #expect(verified.claims["iss"] as? String == "https://auth.example.com")
        let (issued, expires) = (verified.claims["iat"] as? Int, verified.claims["exp"] as? Int)
        #expect(try #require(expires) - #require(issued) == 604_800)
    }

    @Test("A program without async does the same, also after the daemon was restarted")
    func blockingClient() throws {
        let daemon = try TestDaemon()
        let client = try BlockingSignetClient(socketPath: daemon.socket, timeout: .seconds(60))
        let token = try client.sign(["sub": "user-1", "level": 3])
        #expect(try client.verify(token).claims["level"]?.integer == 3)
        #expect(daemon.stop() == 0)
        try daemon.start()
        #expect(try client.verify(token, as: [String: JSON].self)["sub"]?.string == "user-1")
        #expect(try client.sign() != token)
    }

    @Test("WIRE-1 netcat gets an answer for each line, in order, and then the end", arguments: ["", "{"])
    func netcat(rest: String) throws {
        let daemon = try TestDaemon()
        let nc = try Program.run(
            "nc", ["-N", "-U", daemon.socket], input: "{\"op\":\"ping\"}\n{\"op\":\"nope\"}\n" + rest)
        #expect(nc.status == 0)
        let answers = nc.output.split(separator: "\n").map { Answer(String($0)) }
        try #require(answers.count == 2)
        #expect(answers[0].isOK)
        #expect(answers[1].errorCode == "unknown_op")
    }

    @Test("WIRE-1 ten thousand pipelined requests are answered in order, ids byte for byte")
    func pipelining() throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        let count = 10_000
        let thread = Thread {
            for id in 0..<count { try? client.send("{\"id\":\(id),\"op\":\"ping\"}\n") }
            client.endSending()
        }
        thread.start()
        let answers = try client.readToEnd()
        #expect(answers.count == count)
        for (id, answer) in answers.enumerated() where answer["id"] as? Int != id {
            Issue.record("answer \(id) is \(answer)")
            break
        }
    }

    @Test("Many connections at once are each served")
    func manyConnections() throws {
        let daemon = try TestDaemon()
        let clients = try (0..<200).map { _ in try daemon.connect() }
        for client in clients { try client.send("{\"op\":\"sign\"}\n") }
        for client in clients { #expect(Answer(try #require(try client.readLine())).isOK) }
    }

    @Test("A line that comes byte by byte is one line")
    func drippedLine() throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        for byte in Array("{\"op\":\"ping\"}\n".utf8) { try client.send([byte]) }
        #expect(Answer(try #require(try client.readLine())).isOK)
    }
}
