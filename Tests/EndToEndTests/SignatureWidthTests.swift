import Foundation
import Testing

@Suite("Signatures have the width of their algorithm")
struct SignatureWidthTests {
    @Test("SIG-1 10,000 ES256 signatures are 64 bytes each, also where R begins with zero")
    func es256() throws {
        let ring = TestRing("ES256")
        let daemon = try TestDaemon(rings: [ring])
        let client = try daemon.connect()
        let count = 10_000
        let thread = Thread {
            for _ in 0..<count { try? client.send("{\"op\":\"sign\",\"profile\":\"es256\"}\n") }
            client.endSending()
        }
        thread.start()
        var (signed, beginningWithZero) = (0, 0)
        while let line = try client.readLine() {
            let token = Answer(line).text("token")
            let signature = try #require(token.split(separator: ".").last)
            try #require(signature.utf8.count == 86, "\(line)")
            signed += 1
            // Eight bits of zero: the first character, and two bits of the second.
            if signature.utf8.first == UInt8(ascii: "A"), "A"..."P" ~= signature.dropFirst().prefix(1) {
                beginningWithZero += 1
            }
        }
        #expect(signed == count)
        // Of 10,000, 39 on average; that none is among them happens once in 10¹⁷ runs.
        #expect(beginningWithZero > 0)
    }
}
