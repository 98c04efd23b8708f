import Foundation
import Testing

@Suite("Bytes that are kept for peers who do not finish or do not read")
struct KeptBytesTests {
    private static let begun = #"{"op":"ping","id":1"#

    private func reached(_ limit: String, of daemon: TestDaemon) throws -> Int {
        let status = try daemon.connect().ask(#"{"op":"status"}"#)
        let limits = (status["counters"] as? [String: Any])?["limits"] as? [String: Int]
        return try #require(limits?[limit])
    }

    @Test("Unfinished lines of one user beyond a quarter of max_buffered are refused; the others are answered")
    func unfinishedLines() throws {
        let daemon = try TestDaemon(
            TestDaemon.settings(server: "max_buffered = \"1M\"\nrequest_timeout = \"1h\""))
        let clients = try (0..<12).map { _ in try daemon.connect() }
        let half = Self.begun + String(repeating: " ", count: 60_000 - Self.begun.utf8.count)
        for client in clients { try client.send(half) }
        var answered = 0
        for client in clients {
            // Who was refused may have been cut already.
            try? client.send("}\n")
            let answer = Answer(try #require(try client.readLine()))
            if answer.isOK { answered += 1 } else { #expect(answer.errorCode == "overloaded") }
        }
        // Twelve times 60,000 bytes, 15 blocks of 4 KiB each, are more than 64 blocks.
        #expect(answered < clients.count)
        #expect(try reached("max_buffered", of: daemon) == clients.count - answered)
        // What was kept is free again.
        let next = try daemon.connect()
        try next.send(half + "}\n")
        #expect(Answer(try #require(try next.readLine())).isOK)
    }

    @Test("Unread answers count as well, and their peers are cut")
    func unreadAnswers() throws {
        let daemon = try TestDaemon(TestDaemon.settings(server: "max_buffered = \"1M\"\nwrite_timeout = \"1h\""))
        // Each asks for some 800 KB of answers, and reads none of them.
        let line = #"{"op":"sign","claims":{"a":"\#(String(repeating: "x", count: 700))"}}"# + "\n"
        let clients = try (0..<4).map { _ in try daemon.connect() }
        for client in clients { try? client.send(String(repeating: line, count: 600)) }
        try awaitResult("a connection is cut") { try reached("max_buffered", of: daemon) > 0 ? true : nil }
        #expect(try daemon.connect().ask(#"{"op":"ping"}"#).isOK)
    }
}
