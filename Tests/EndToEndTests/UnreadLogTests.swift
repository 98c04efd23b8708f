import Foundation
import Testing

@Suite("A log that nobody reads") struct UnreadLogTests {
    /// Makes audit lines so long that few of them fill the log.
    private static let audience = "https://api.example.com/" + String(repeating: "a", count: 4_000)

    private func settings(_ audit: String, _ server: String = "") -> String {
        TestDaemon.settings(server: "audit = \"\(audit)\"\n\(server)").replacingOccurrences(
            of: "https://api.example.com", with: Self.audience)
    }

    @Test("With \"denied\" it stops nothing: refusals, signatures, verification and a reload go on")
    func denied() throws {
        let daemon = try TestDaemon(settings("denied"))
        try daemon.log.fill()
        let client = try daemon.connect()
        for _ in 0..<50 {
            #expect(try client.ask(#"{"op":"sing"}"#).errorCode == "unknown_op")
            #expect(try client.ask(#"{"op":"sign"}"#).isOK)
        }
        try daemon.reloadAnew()
        #expect(try client.ask(#"{"op":"ping"}"#).isOK)
    }

    @Test("A stop does not wait for it longer than stop_timeout")
    func stop() throws {
        let daemon = try TestDaemon(settings("all", "stop_timeout = \"1s\""))
        try daemon.log.fill()
        #expect(try daemon.connect().ask(#"{"op":"sign"}"#).isOK)
        #expect(daemon.stop() == 0)
    }

    @Test("With \"all\" nothing is signed while it is full, all else is served, and no token goes without its line")
    func all() throws {
        let daemon = try TestDaemon(settings("all"))
        try daemon.log.fill()
        let client = try daemon.connect()
        var tokens: [Answer] = []
        var refused: Answer?
        // Room for some 1,000 lines; what the pipe held before is drained later.
        while refused == nil, tokens.count < 10_000 {
            let answer = try client.ask(#"{"op":"sign"}"#)
            if answer.isOK { tokens.append(answer) } else { refused = answer }
        }
        #expect(refused?.errorCode == "overloaded", "\(tokens.count)")
        #expect(refused?.errorMessage == "the audit log is not written as fast as tokens are signed")
        #expect(try client.ask(#"{"op":"verify","token":"\#(tokens[0].text("token"))"}"#).isValid == true)
        #expect(try client.ask(#"{"op":"explain"}"#).isOK)
        #expect(try daemon.status().faults == ["the log is full: what reads standard error is too slow"])
        let log = daemon.log.inBackground()
        try awaitResult("signatures are answered again") {
            let answer = try client.ask(#"{"op":"sign"}"#)
            if answer.isOK { tokens.append(answer) }
            return answer.isOK ? true : nil
        }
        #expect(daemon.stop() == 0)
        let lines = log().split(separator: "\n").filter { $0.contains("signetd: signed ") }
        #expect(lines.count == tokens.count)
        for (line, token) in zip(lines, tokens) { #expect(line.contains(" jti=\(token.text("jti")) ")) }
    }
}
