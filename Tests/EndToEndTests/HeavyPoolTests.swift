import Foundation
import POSIX
import Testing

@Suite("Slow cryptography away from the loops")
struct HeavyPoolTests {
    /// A daemon whose profile `rsa` signs slowly, and `default` fast.
    private func daemon(server: String = "") throws -> TestDaemon {
        let daemon = try TestDaemon(
            prepared: TestDaemon.settings(server: server) + """

                [keyring.rsa]
                algorithm = "RS256"
                [profile.rsa]
                issuer = "https://rsa.example.com"
                audiences = ["https://api.example.com"]
                [[profile.rsa.allow]]
                operations = ["sign", "verify"]
                users = ["\(NSUserName())"]
                """, isInMemory: true)
        try daemon.makeKey(in: "rsa", "RS256", kid: "slow")
        try daemon.start()
        return daemon
    }

    private func line(_ id: Int, _ profile: String) -> String {
        #"{"id":\#(id),"op":"sign","profile":"\#(profile)"}"# + "\n"
    }

    private func answers(_ client: LineClient, _ count: Int) throws -> [Answer] {
        try (0..<count).map { _ in Answer(try #require(try client.readLine())) }
    }

    @Test("WIRE-1 answers leave in the order of their lines, whoever made them")
    func order() throws {
        let daemon = try daemon()
        let client = try daemon.connect()
        let slow = { (id: Int) in id % 3 == 1 || id % 7 == 0 }
        let count = 200
        try client.send((0..<count).map { line($0, slow($0) ? "rsa" : "default") }.joined())
        for (id, answer) in try answers(client, count).enumerated() {
            #expect(answer["id"] as? Int == id && answer.isOK)
            #expect(answer.text("kid") == (slow(id) ? "slow" : TestDaemon.kid))
        }
    }

    @Test("WIRE-1 an answer that is made elsewhere goes to who asked, also when that connection waits for its turn")
    func recipients() throws {
        let daemon = try daemon()
        // Enough of them that every loop is busy, so that answers come while their connections are postponed.
        let clients = try (0..<16).map { _ in try daemon.connect() }
        let claims = #","claims":{"pad":"\#(String(repeating: "p", count: 512))"}}"#
        let count = 60
        for round in 0..<4 {
            for (number, client) in clients.enumerated() {
                let lines = (0..<count).map { line in
                    let profile = line % 4 == 0 ? "rsa" : "default"
                    return #"{"id":"\#(number)-\#(round)-\#(line)","op":"sign","profile":"\#(profile)""# + claims + "\n"
                }
                try client.send(lines.joined())
            }
            for (number, client) in clients.enumerated() {
                for (line, answer) in try answers(client, count).enumerated() {
                    try #require(answer.text("id") == "\(number)-\(round)-\(line)", "another's answer")
                }
            }
        }
    }

    @Test("More than a connection may await wait in their turn, and a half-closed peer gets every answer")
    func manyAwaited() throws {
        let daemon = try daemon()
        let client = try daemon.connect()
        let count = 200
        try client.send((0..<count).map { line($0, "rsa") }.joined())
        client.endSending()
        let all = try client.readToEnd()
        #expect(all.count == count && all.allSatisfy(\.isOK))
        #expect(all.enumerated().allSatisfy { $1["id"] as? Int == $0 })
    }

    @Test("Who has too much in flight is told at once, with a time to wait, and stays connected")
    func overload() throws {
        let daemon = try daemon(server: "max_in_flight = 4")
        let client = try daemon.connect()
        let count = 60
        try client.send((0..<count).map { line($0, "rsa") }.joined() + line(count, "default"))
        let all = try answers(client, count + 1)
        #expect(all.enumerated().allSatisfy { $1["id"] as? Int == $0 })
        #expect(all[0].isOK && all[count].isOK)
        let refused = all.filter { !$0.isOK }
        #expect(!refused.isEmpty && refused.allSatisfy { $0.errorCode == "overloaded" })
        #expect(refused.allSatisfy { ($0.retryAfter ?? 0) >= 1 })
        #expect(try client.ask(line(0, "rsa")).isOK)
        let status = try daemon.connect().ask(#"{"op":"status"}"#)
        let limits = (status["counters"] as? [String: Any])?["limits"] as? [String: Int]
        #expect(limits?["max_in_flight"] == refused.count)
    }

    @Test("SIGTERM waits for what is being signed")
    func stop() throws {
        let daemon = try daemon()
        let client = try daemon.connect()
        let count = 60
        try client.send((0..<count).map { line($0, "rsa") }.joined())
        #expect(Answer(try #require(try client.readLine())).isOK)
        daemon.signal(SIGTERM)
        let rest = try client.readToEnd()
        daemon.process.waitUntilExit()
        #expect(daemon.process.terminationStatus == 0)
        #expect(rest.count == count - 1 && rest.allSatisfy(\.isOK))
    }

    @Test("A reload that takes the key away lets what was decided before be signed, and nothing after")
    func reload() throws {
        let daemon = try daemon()
        // Making it takes longer than all that is to be signed.
        try daemon.makeKey(in: "spare", "RS256", kid: "zzz-new")
        let client = try daemon.connect()
        // So few that a pool that gets a hundredth of the processors has them done within its patience of two seconds.
        let count = 16 * ProcessLimits.processors
        try client.send((0..<count).map { line($0, "rsa") }.joined())
        #expect(Answer(try #require(try client.readLine())).isOK)
        let keys = daemon.directory.appending(path: "keys")
        try FileManager.default.moveItem(
            at: keys.appending(path: "spare/zzz-new.jwk"), to: keys.appending(path: "rsa/zzz-new.jwk"))
        try FileManager.default.removeItem(at: keys.appending(path: "rsa/slow.jwk"))
        #expect(try daemon.reload(force: true).isOK)
        for answer in try answers(client, count - 1) { #expect(answer.isOK && answer.text("kid") == "slow") }
        #expect(try client.ask(line(0, "rsa")).text("kid") == "zzz-new")
    }
}
