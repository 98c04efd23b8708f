import Authorization
import JOSE
import Keys
import OpenSSL
import SigningService
import StrictJSON
import Testing

@Suite("The memory of signatures that were found right")
struct VerifyCacheTests {
    /// A daemon's workers with one cache: of a loop, and of a thread that has time.
    private final class Service {
        let loop: Worker
        let patient: Worker
        let algorithm: Algorithm

        init(_ algorithm: Algorithm, bytes: Int? = 1 << 16) throws {
            self.algorithm = algorithm
            _ = Arena.isOpen
            let service = ServiceState(pid: 42, verifyCache: try bytes.map { try VerifyCache(bytes: $0) }) { 7 }
            let snapshot = Self.snapshot([try key("k1", algorithm)])
            loop = try Worker(snapshot, service, leavesHeavyWork: true)
            patient = try Worker(snapshot, service)
        }

        static func snapshot(_ keys: [Key], revoked: [ByteString] = [], _ profile: Profile = profile()) -> Snapshot {
            Snapshot(
                keyrings: [Keyring(name: "main", algorithm: keys[0].algorithm, keys: keys, revoked: revoked)],
                profiles: [profile], admins: Who(users: NameList(names: [], ids: [0]), groups: nil),
                largestToken: 65_024)
        }

        /// Both serve by these keys and this policy from now on.
        func reload(_ snapshot: Snapshot) {
            for worker in [loop, patient] { worker.serve(by: snapshot) }
        }

        func ask(
            _ line: String, from identity: Identity = .web, at time: Int64 = noon
        ) throws -> (isLeft: Bool, answer: Answer) {
            var output: [UInt8] = []
            let now = Moment(unixSeconds: time, monotonicNanoseconds: 0)
            guard case .heavy(let request) = loop.answer(Array(line.utf8).span, from: identity, at: now, into: &output)
            else { return (false, try Answer(output)) }
            _ = patient.carryOut(request, into: &output)
            return (true, try Answer(output))
        }

        func token(_ members: String = "") throws -> String {
            try ask(#"{"op":"sign"\#(members)}"#).answer.string("token")
        }

        func verify(_ token: String, _ members: String = "", at time: Int64 = noon) throws -> String {
            try ask(#"{"op":"verify","token":"\#(token)"\#(members)}"#, at: time).answer.outcome
        }

        /// As `status` tells them: hits and misses.
        func counts() throws -> [Int64] {
            let cache = try ask(#"{"op":"status"}"#, from: .admin).answer.object("counters").object("verify_cache")
            return [try cache.integer("hits"), try cache.integer("misses")]
        }
    }

    @Test(
        "A token of a key pair is verified once, and answered the same each time",
        arguments: [Algorithm.es256, .rs256, .ps512, .es384, .ed25519, .ed448])
    func hit(algorithm: Algorithm) throws {
        let service = try Service(algorithm)
        let line = #"{"op":"verify","token":"\#(try service.token(#","claims":{"sub":"a"}"#))"}"#
        let first = try service.ask(line)
        #expect(try service.counts() == [0, 1])
        for hits: Int64 in 1...3 {
            let again = try service.ask(line)
            #expect(again.answer.line == first.answer.line)
            // Also where verifying is left to others: a look is for the loop.
            #expect(!again.isLeft)
            #expect(try service.counts() == [hits, 1])
        }
    }

    @Test("HMAC does not use it: a look costs as much")
    func symmetric() throws {
        let service = try Service(.hs256)
        let token = try service.token()
        for _ in 0..<2 { #expect(try service.verify(token) == "ok") }
        #expect(try service.counts() == [0, 0])
    }

    @Test("Turned off, nothing is remembered or told of it")
    func off() throws {
        let service = try Service(.es256, bytes: nil)
        let token = try service.token()
        for _ in 0..<2 { #expect(try service.verify(token) == "ok") }
        let counters = try service.ask(#"{"op":"status"}"#, from: .admin).answer.object("counters")
        #expect(counters.raw("verify_cache") == nil)
    }

    @Test("A wrong signature is never remembered, nor passed for the right one of the same token")
    func forged() throws {
        let service = try Service(.es256)
        let token = try service.token()
        #expect(try service.verify(token) == "ok")
        let signature = try #require(token.split(separator: ".").last)
        let forged = token.dropLast(signature.count) + (signature.first == "A" ? "B" : "A") + signature.dropFirst()
        for _ in 0..<2 { #expect(try service.verify(String(forged)) == "bad_signature") }
        #expect(try service.counts() == [0, 1])
    }

    @Test("What is remembered does not outlive the token")
    func expiry() throws {
        let service = try Service(.es256)
        let token = try service.token(#","ttl":60"#)
        #expect(try service.verify(token) == "ok")
        #expect(try service.verify(token, at: noon + 91) == "expired")
        #expect(try service.verify(token, at: noon - 31) == "not_yet_valid")
        #expect(try service.verify(token) == "ok")
        #expect(try service.counts() == [3, 1])
    }

    @Test("What the caller may have is decided anew")
    func policy() throws {
        let service = try Service(.es256)
        let token = try service.token(#","claims":{"aud":"\#(store.text)"}"#)
        #expect(try service.verify(token, #","audience":"\#(store.text)""#) == "ok")
        #expect(try service.verify(token, #","audience":"\#(api.text)""#) == "wrong_audience")
        let narrow = profile(allow: [entry(audiences: [api])])
        service.reload(Service.snapshot([try key("k1", .es256)], narrow))
        #expect(try service.verify(token) == "wrong_audience")
        service.reload(Service.snapshot([try key("k1", .es256)], profile(issuer: "https://other.example")))
        #expect(try service.verify(token) == "wrong_issuer")
        service.reload(Service.snapshot([try key("k1", .es256)], profile(type: "at+jwt")))
        #expect(try service.verify(token) == "wrong_type")
        service.reload(Service.snapshot([try key("k1", .es256)], profile(allow: [entry(uids: [3])])))
        #expect(try service.verify(token) == "not_permitted")
    }

    @Test("A key that is revoked, gone or replaced under its kid verifies nothing, remembered or not")
    func keys() throws {
        let service = try Service(.es256)
        let token = try service.token()
        #expect(try service.verify(token) == "ok")
        let other = try key("k2", .es256, seed: 2)
        service.reload(Service.snapshot([try key("k1", .es256), other], revoked: ["k1"]))
        #expect(try service.verify(token) == "revoked")
        service.reload(Service.snapshot([other]))
        #expect(try service.verify(token) == "unknown_key")
        service.reload(Service.snapshot([try key("k1", .es256, seed: 2)]))
        #expect(try service.verify(token) == "bad_signature")
        service.reload(Service.snapshot([try key("k1", .es256)]))
        #expect(try service.verify(token) == "ok")
    }

    @Test("It is bounded: of one set's tokens, the one that was asked for longest ago is forgotten")
    func bound() throws {
        let service = try Service(.es256, bytes: VerifyCache.smallest)
        let tokens = try (0..<5).map { try service.token(#","claims":{"sub":"\#($0)"}"#) }
        for token in tokens.prefix(4) { #expect(try service.verify(token) == "ok") }
        #expect(try service.verify(tokens[0]) == "ok")
        #expect(try service.verify(tokens[4]) == "ok")
        #expect(try service.counts() == [1, 5])
        for token in [tokens[0], tokens[2], tokens[3], tokens[4]] { _ = try service.verify(token) }
        #expect(try service.counts() == [5, 5])
        _ = try service.verify(tokens[1])
        #expect(try service.counts() == [5, 6])
    }

    @Test("Any size holds what it says", arguments: [1, 127, 128, 129, 4_096, 100_000, 1 << 20])
    func sizes(bytes: Int) throws {
        let service = try Service(.es256, bytes: bytes)
        let token = try service.token()
        for _ in 0..<2 { #expect(try service.verify(token) == "ok") }
        #expect(try service.counts() == [1, 1])
    }
}
