import Foundation
import Testing

@Suite("Bad input gets a clear error line and nothing is lost")
struct BadInputTests {
    static let refused: [(line: String, code: String, words: String)] = [
        ("", "malformed_request", "empty line"),
        ("   ", "malformed_request", "ends inside"),
        ("nonsense", "malformed_request", "offset 1"),
        ("[]", "malformed_request", "one JSON object"),
        ("{\"op\":\"ping\"", "malformed_request", "ends inside"),
        ("{\"op\":\"ping\",}", "malformed_request", "offset"),
        ("{\"op\":\"ping\",\"op\":\"ping\"}", "malformed_request", "duplicate member \"op\""),
        ("{\"op\":\"pi\u{0}ng\"}", "malformed_request", "control character"),
        ("{\"op\":\"ping\",\"x\\u0000\":1}", "malformed_request", "\"x\\x00\""),
        ("{\"op\":\"ping\",\"more\":1}", "malformed_request", "unknown member \"more\""),
        ("{\"op\":1}", "malformed_request", "\"op\""),
        ("{\"op\":\"sign\",\"ttl\":1.0}", "malformed_request", "\"ttl\""),
        ("{\"op\":\"sign\",\"claims\":[]}", "malformed_request", "\"claims\""),
        ("{\"op\":\"verify\"}", "malformed_request", "\"token\""),
        ("{\"op\":\"PING\"}", "unknown_op", "PING"),
        ("{\"op\":\"sign\",\"profile\":\"web\"}", "not_permitted", "\"web\""),
        ("{\"op\":\"sign\",\"claims\":{\"exp\":1}}", "claims_rejected", "\"exp\""),
        ("{\"op\":\"sign\",\"ttl\":604801}", "ttl_too_long", "604800"),
    ]

    @Test("WIRE-4 a bad line is answered with an error that names the culprit, and the connection stays usable")
    func badLines() throws {
        // Not run by root: an admin is told more about profiles.
        let daemon = try TestDaemon(TestDaemon.settings(server: "admin = { users = [\"daemon\"] }"))
        let client = try daemon.connect()
        #expect(try client.ask("{\"op\":\"ping\"}").isOK)
        for (line, code, words) in Self.refused {
            let answer = try client.ask(line)
            let isAdminsAnswer = code == "not_permitted" && answer.errorCode == "unknown_profile"
            #expect(answer.errorCode == code || isAdminsAnswer, "\(line): \(answer)")
            #expect(answer.errorMessage?.contains(words) == true, "\(line): \(answer)")
        }
        #expect(try client.ask("{\"op\":\"ping\"}").isOK)
    }

    @Test(
        "WIRE-3 what does not begin with a brace gets one error and is closed",
        arguments: ["GET / HTTP/1.1\r\n\r\n", "\n{\"op\":\"ping\"}\n", " {\"op\":\"ping\"}\n", "\u{0}", "\u{FEFF}{}\n"])
    func otherProtocols(bytes: String) throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        try client.send(bytes)
        let answers = try client.readToEnd()
        #expect(answers.map(\.errorCode) == ["malformed_request"])
    }

    @Test("Half a line at the end of the stream is not executed and not answered")
    func halfALine() throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        try client.send("{\"op\":\"ping\"}\n{\"op\":\"ping\"}")
        client.endSending()
        #expect(try client.readToEnd().count == 1)
    }

    @Test("A connection that stays silent is closed when its idle time is over")
    func idleConnection() throws {
        let daemon = try TestDaemon(TestDaemon.settings(server: "idle_timeout = \"3s\""))
        let client = try daemon.connect()
        #expect(try client.ask("{\"op\":\"ping\"}").isOK)
        #expect(try client.readLine() == nil)
    }
}
