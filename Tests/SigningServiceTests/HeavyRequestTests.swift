import Authorization
import JOSE
import Keys
import SigningService
import StrictJSON
import Testing
import WireProtocol

@Suite("What would hold up an event loop is left to others")
struct HeavyRequestTests {
    /// A loop's worker, and one that has time.
    private struct Pair {
        let loop: Worker
        let patient: Worker
        let service = ServiceState(pid: 42) { 7 }

        init(_ algorithm: Algorithm) throws {
            let signer = try key("k1", algorithm)
            let ring = Keyring(name: "main", algorithm: algorithm, keys: [signer])
            let snapshot = Snapshot(
                keyrings: [ring], profiles: [profile(allow: [entry(maximumTTL: 3_600, rate: 100)])],
                admins: Who(users: nil, groups: nil), largestToken: 65_024)
            loop = try Worker(snapshot, service, leavesHeavyWork: true)
            patient = try Worker(snapshot, service)
        }

        /// What the loop says to a line, and its answer, which the other gives where the loop leaves it.
        func ask(_ line: String) throws -> (isLeft: Bool, answer: Answer) {
            var output: [UInt8] = []
            let bytes = Array(line.utf8)
            switch loop.answer(bytes.span, from: .web, at: .noon, into: &output) {
            case .heavy(let request):
                try #require(output.isEmpty)
                _ = patient.carryOut(request, into: &output)
                return (true, try Answer(output))
            default: return (false, try Answer(output))
            }
        }
    }

    private static let slowSigners: Set<Algorithm> = [
        .rs256, .rs384, .rs512, .ps256, .ps384, .ps512, .es384, .es512, .ed448,
    ]
    private static let slowVerifiers: Set<Algorithm> = [.es384, .es512, .ed448]

    @Test(
        "RSA, P-384, P-521 and Ed448 sign elsewhere; the short exponent of RSA is for the loop",
        arguments: Algorithm.allCases)
    func algorithms(_ algorithm: Algorithm) throws {
        let pair = try Pair(algorithm)
        let signed = try pair.ask(#"{"id":7,"op":"sign","claims":{"sub":"a"},"ttl":60}"#)
        #expect(signed.isLeft == Self.slowSigners.contains(algorithm))
        #expect(signed.answer.raw("id") == "7")
        #expect(try signed.answer.integer("exp") == noon + 60)
        let token = try signed.answer.string("token")
        let verified = try pair.ask(#"{"op":"verify","id":"v","token":"\#(token)"}"#)
        #expect(verified.isLeft == Self.slowVerifiers.contains(algorithm))
        #expect(verified.answer.raw("valid") == "true" && verified.answer.raw("id") == "\"v\"")
        #expect(try verified.answer.object("claims").string("sub") == "a")
        // The first character of the signature: any change there is one of its value.
        let signature = try #require(token.split(separator: ".").last)
        let forged = token.dropLast(signature.count) + (signature.first == "A" ? "B" : "A") + signature.dropFirst()
        #expect(try pair.ask(#"{"op":"verify","token":"\#(forged)"}"#).answer.outcome == "bad_signature")
    }

    @Test("What is refused needs no time: the loop says so")
    func refusals() throws {
        let pair = try Pair(.es384)
        for (line, code) in [
            (#"{"op":"sign","profile":"other"}"#, "not_permitted"), (#"{"op":"sign","ttl":3601}"#, "ttl_too_long"),
            (#"{"op":"sign","claims":{"exp":1}}"#, "claims_rejected"),
            (#"{"op":"verify","token":"a.b.c"}"#, "malformed"),
        ] {
            let (isLeft, answer) = try pair.ask(line)
            let outcome = try answer.outcome
            #expect(!isLeft && outcome == code, "\(line)")
        }
    }

    @Test("A request is charged once, whoever carries it out")
    func charge() throws {
        let pair = try Pair(.es384)
        for _ in 1...100 { #expect(try pair.ask(#"{"op":"sign"}"#).answer.outcome == "ok") }
        let last = try pair.ask(#"{"op":"sign"}"#)
        let outcome = try last.answer.outcome
        #expect(!last.isLeft && outcome == "rate_limited")
    }

    @Test("A request keeps the keys that it was decided by, and a refusal its id")
    func snapshot() throws {
        let pair = try Pair(.es384)
        var output: [UInt8] = []
        let line = Array(#"{"op":"sign","id":"x"}"#.utf8)
        guard case .heavy(let request) = pair.loop.answer(line.span, from: .web, at: .noon, into: &output) else {
            Issue.record("not left")
            return
        }
        let other = Keyring(name: "main", algorithm: .es384, keys: [try key("k2", .es384, seed: 2)])
        pair.patient.serve(
            by: Snapshot(
                keyrings: [other], profiles: [profile()], admins: Who(users: nil, groups: nil), largestToken: 65_024))
        guard case .answered = pair.patient.carryOut(request, into: &output) else {
            Issue.record("not answered")
            return
        }
        #expect(try Answer(output).string("kid") == "k1")
        #expect(
            ByteString(request.refuse(with: Refusal(.overloaded, "full", retryAfterMilliseconds: 5)))
                == ##"{"id":"x","ok":false,"error":{"code":"overloaded","message":"full","retry_after_ms":5}}\##n"##)
    }
}
