import Foundation
import Testing

@Suite("Audit") struct AuditTests {
    /// The lines of signatures as a log shows them, each with its fields.
    private func signatures(_ log: String) -> [[String: String]] {
        log.split(separator: "\n").filter { $0.hasPrefix("signetd: signed ") }.map { line in
            line.split(separator: " ").dropFirst(2).reduce(into: [:]) { fields, field in
                let parts = field.split(separator: "=", maxSplits: 1).map(String.init)
                fields[parts[0]] = parts.count == 2 ? parts[1] : ""
            }
        }
    }

    private func settings(_ audit: String) -> String { TestDaemon.settings(server: "audit = \"\(audit)\"") }

    @Test("With \"all\" each signature has its line, and no claim and no token is in the log")
    func all() throws {
        let daemon = try TestDaemon(settings("all"))
        let client = try daemon.connect()
        let answer = try client.ask(
            #"{"op":"sign","ttl":60,"claims":{"sub":"recognisable-tulip","aud":"https://admin.example.com"}}"#)
        #expect(answer.isOK)
        let token = answer.text("token")
        #expect(try client.ask(#"{"op":"verify","token":"\#(token)"}"#).isValid == true)
        let tampered = token.dropLast(8) + "AAAAAAAA"
        #expect(try client.ask(#"{"op":"verify","token":"\#(tampered)"}"#).isValid == false)
        #expect(try client.ask(#"{"op":"explain","claims":{"sub":"recognisable-tulip"}}"#).isOK)
        for refused in [
            #"{"op":"sign","claims":{"iss":"recognisable-tulip"}}"#,
            #"{"op":"sign","ttl":2000000000,"claims":{"sub":"recognisable-tulip"}}"#,
            #"{"op":"sign","profile":"missing","claims":{"sub":"recognisable-tulip"}}"#,
            #"{"op":"verify","audience":"recognisable-tulip","token":"\#(token)"}"#,
            #"{"op":"sign","token":"\#(token)","claims":{"sub":"recognisable-tulip"}}"#, "recognisable-tulip",
        ] {
            #expect(try !client.ask(refused).isOK)
        }
        #expect(daemon.stop() == 0)
        let log = daemon.log.rest()
        let lines = signatures(log)
        try #require(lines.count == 1, "\(log)")
        #expect(Set(lines[0].keys).subtracting(["unit"]) == ["time", "uid", "profile", "kid", "jti", "aud", "exp"])
        #expect(lines[0]["uid"] == "\(geteuid())")
        #expect(lines[0]["profile"] == "default")
        #expect(lines[0]["kid"] == TestDaemon.kid)
        #expect(lines[0]["jti"] == answer.text("jti"))
        #expect(lines[0]["aud"] == "https://admin.example.com")
        #expect(lines[0]["exp"] == (answer["exp"] as? Int).map(String.init))
        #expect(!log.contains("tulip"))
        for part in token.split(separator: ".") { #expect(!log.contains(part)) }
        #expect(log.components(separatedBy: "refused time=").count - 1 == 6, "\(log)")
    }

    @Test("\"denied\", the default, tells of refusals alone; \"none\" of nothing", arguments: ["", "denied", "none"])
    func others(_ audit: String) throws {
        let daemon = try TestDaemon(audit.isEmpty ? TestDaemon.settings() : settings(audit))
        let client = try daemon.connect()
        #expect(try client.ask(#"{"op":"sign"}"#).isOK)
        #expect(try client.ask(#"{"op":"sign","ttl":2000000000}"#).errorCode == "ttl_too_long")
        #expect(daemon.stop() == 0)
        let log = daemon.log.rest()
        #expect(signatures(log).isEmpty)
        #expect(log.contains(" op=sign uid=\(geteuid()) ") == (audit != "none"), "\(log)")
        #expect(log.contains(" profile=default code=ttl_too_long\n") == (audit != "none"), "\(log)")
    }

    @Test("The number of refusals that a flood hid is told when it has ended")
    func floodEnds() throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        try client.send(String(repeating: "{\"op\":\"sing\"}\n", count: 500))
        for _ in 0..<500 { #expect(try client.readLine()?.contains("unknown_op") == true) }
        // The connection stays and asks nothing: no further refusal comes that could tell.
        #expect(daemon.log.wait(for: "warning: suppressed time="))
        #expect(daemon.stop() == 0)
        let lines = daemon.log.rest().split(separator: "\n")
        let untold = lines.filter { $0.contains("suppressed") }.compactMap { Int($0.split(separator: "=").last ?? "") }
        #expect(lines.count { $0.contains("code=unknown_op") } + untold.reduce(0, +) == 500)
    }

    @Test("A reload changes what is told, without a restart")
    func reload() throws {
        let daemon = try TestDaemon(settings("none"))
        #expect(try daemon.sign().isOK)
        var told: [String] = []
        for audit in ["all", "denied", "all"] {
            try daemon.configure(settings(audit))
            let answer = try daemon.reloadAnew()
            #expect((answer["warnings"] as? [Any])?.isEmpty == true, "\(answer)")
            let signed = try daemon.sign()
            if audit == "all" { told.append(signed.text("jti")) }
        }
        #expect(daemon.stop() == 0)
        #expect(signatures(daemon.log.rest()).map { $0["jti"] } == told)
    }

    @Test("SIGTERM in the midst of signing: every token that was answered has its line, and no other line is there")
    func stopFlushes() throws {
        let daemon = try TestDaemon(settings("all"))
        let client = try daemon.connect()
        let count = 2_000
        try client.send(String(repeating: "{\"op\":\"sign\"}\n", count: count))
        let first = Answer(try #require(try client.readLine()))
        daemon.signal(SIGTERM)
        let log = daemon.log.inBackground()
        let tokens = ([first] + (try client.readToEnd())).filter(\.isOK)
        daemon.process.waitUntilExit()
        #expect(daemon.process.terminationStatus == 0)
        let lines = signatures(log())
        #expect(lines.map { $0["jti"] } == tokens.map { $0.text("jti") })
        #expect(tokens.count >= 1)
    }

    @Test("Signatures of every algorithm have their line")
    func algorithms() throws {
        let rings = TestRing.everyAlgorithm
        let daemon = try TestDaemon(preparedRings: rings)
        let text = try String(contentsOf: daemon.configuration, encoding: .utf8)
        try daemon.configure(text.replacingOccurrences(of: "[server]\n", with: "[server]\naudit = \"all\"\n"))
        try daemon.start()
        let jtis = try rings.map { try daemon.sign($0.name).text("jti") }
        #expect(daemon.stop() == 0)
        #expect(signatures(daemon.log.rest()).map { $0["jti"] } == jtis)
    }
}
