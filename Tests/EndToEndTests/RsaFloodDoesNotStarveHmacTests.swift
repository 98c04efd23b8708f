import Foundation
import Testing

@Suite("A flood of RSA does not starve HMAC", .enabled(if: OtherUser.isPossible, OtherUser.need))
struct RsaFloodDoesNotStarveHmacTests {
    private static let processors = ProcessInfo.processInfo.activeProcessorCount
    /// Some flooding connections on every event loop.
    private static let flooding = max(4, 2 * processors)
    private static let calls = 500
    /// Most signatures in the time of all the calls: one for four calls, of each core. One after another, as here, a call
    /// takes a fraction of a millisecond, and a signature several. Were signatures made on the event loops, each round of a
    /// loop would make one for every flooding connection and answer one call: eight times as many.
    private static let mostSignatures = calls / 4 * processors

    @Test(
        "While one user floods with signatures of an RSA key of 4096 bits, another's HS512 calls are answered between them"
    )
    func flood() throws {
        let daemon = try TestDaemon(
            prepared: TestDaemon.settings(users: ["*"]) + """

                [keyring.rsa]
                algorithm = "RS256"
                [profile.rsa]
                issuer = "https://auth.example.com"
                audiences = ["https://api.example.com"]
                [[profile.rsa.allow]]
                operations = ["sign"]
                users = ["*"]
                """)
        try daemon.makeRSAKey(ofBits: 4096, in: "rsa")
        try daemon.start()
        let honest = try HonestUser(daemon)
        let script = """
            line, depth = b'{"op":"sign","profile":"rsa"}\\n', 64
            flooding = [connect() for _ in range(\(Self.flooding))]
            for c in flooding: c.sendall(line * depth)
            answers = 0
            while True:
                for c in select.select([*flooding, sys.stdin], [], [])[0]:
                    if c is sys.stdin:
                        if not told(): sys.exit()
                        say(answers)
                        continue
                    more = c.recv(1 << 16)
                    assert b'"ok":false' not in more, more
                    if answers == 0: say("flooding")
                    answers += more.count(b"\\n")
                    c.sendall(line * more.count(b"\\n"))
            """
        let flooder = try OtherProcess(script, daemon, as: OtherUser.stranger)
        #expect(try flooder.hear() == "flooding")
        let before = try #require(Int(flooder.ask("count")))
        var (answered, signatures) = (0, 0)
        // It ends early where the bound is broken already.
        while answered < Self.calls, signatures <= Self.mostSignatures {
            #expect(try honest.served(8, .asBefore) == 8)
            #expect(try honest.served(2, .anew) == 2)
            answered += 10
            signatures = try #require(Int(flooder.ask("count"))) - before
        }
        #expect(
            signatures <= Self.mostSignatures,
            "\(signatures) RSA signatures were made while \(answered) HMAC calls were answered")
    }
}
