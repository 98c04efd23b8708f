import Authorization
import JOSE
import Keys
@testable import SigningService
import StrictJSON
import Testing

/// `rate` as callers meet it.
@Suite struct RateLimitTests {
    private static let sign = #"{"op":"sign"}"#
    private static let other = Identity(uid: 1_001, gid: 100, supplementaryGroups: [])

    private func snapshot(_ profiles: [Profile], generation: Int64 = 1) throws -> Snapshot {
        Snapshot(
            keyrings: [Keyring(name: "main", algorithm: .hs256, keys: [try key()])], profiles: profiles,
            admins: Who(users: NameList(names: ["root"], ids: [0]), groups: nil), largestToken: 65_024,
            generation: generation)
    }

    /// The outcomes of a line that is asked so many times at one moment.
    private func ask(
        _ worker: Worker, _ line: String = sign, from identity: Identity = .web, times: Int = 1, clock: UInt64 = 0
    ) throws -> [String] {
        try (0..<times).map { _ in try worker.answer(line, from: identity, clock: clock).outcome }
    }

    @Test("A user has the rate at once and is then refused, with the time until a request passes")
    func burst() throws {
        let worker = try worker([profile(allow: [entry(rate: 400)])])
        #expect(try ask(worker, times: 400).allSatisfy { $0 == "ok" })
        let refused = try worker.answer(#"{"op":"sign","id":7}"#)
        #expect(try refused.outcome == "rate_limited")
        #expect(refused.raw("id") == "7")
        // 2.5 ms, rounded up.
        #expect(try refused.retryAfter == 3)
        #expect(try ask(worker, clock: 3_000_000) == ["ok"])
        #expect(try ask(worker, clock: 3_000_000) == ["rate_limited"])
        #expect(try worker.answer(Self.sign, clock: 4_999_999).retryAfter == 1)
        #expect(
            try ask(worker, times: 401, clock: 60 * second) == Array(repeating: "ok", count: 400) + ["rate_limited"])
    }

    @Test("Other users, other profiles and what needs no entry are not affected")
    func others() throws {
        let worker = try worker([
            profile(allow: [entry(uids: [1_000, 1_001], rate: 2)]),
            profile("web", issuer: "https://web.example", allow: [entry(rate: 1), everyone(2)]),
        ])
        #expect(try ask(worker, times: 3) == ["ok", "ok", "rate_limited"])
        // One loop with two users who take turns.
        #expect(try ask(worker, from: Self.other) == ["ok"])
        #expect(try ask(worker) == ["rate_limited"])
        #expect(try ask(worker, from: Self.other, times: 2) == ["ok", "rate_limited"])
        #expect(try ask(worker, #"{"op":"sign","profile":"web"}"#, times: 2) == ["ok", "rate_limited"])
        #expect(
            try ask(worker, #"{"op":"sign","profile":"web"}"#, from: Self.other, times: 50).allSatisfy { $0 == "ok" })
        for operation in ["ping", "jwks", "status"] { #expect(try ask(worker, "{\"op\":\"\(operation)\"}") == ["ok"]) }
    }

    @Test("Without a rate there is no limit, and no bucket")
    func unlimited() throws {
        let worker = try worker()
        #expect(try ask(worker, times: 3_000).allSatisfy { $0 == "ok" })
        #expect(worker.service.buckets.count == 0)
    }

    @Test("sign, verify and explain take from one bucket, and so do requests that are refused for what they ask")
    func operations() throws {
        let token = try worker().token()
        let lines = [
            "{\"op\":\"verify\",\"token\":\"\(token)\"}", #"{"op":"verify","token":"a.b.c"}"#, #"{"op":"explain"}"#,
            #"{"op":"sign","ttl":90000}"#, #"{"op":"sign","claims":{"iss":"x"}}"#, #"{"op":"sign","payload":"AA"}"#,
            #"{"op":"verify","token":"a.b.c","audience":"x"}"#,
        ]
        for line in lines {
            let worker = try worker([profile(allow: [entry(rate: 2)])])
            #expect(try ask(worker, line) != ["rate_limited"])
            #expect(try ask(worker) == ["ok"])
            for line in lines { #expect(try ask(worker, line) == ["rate_limited"]) }
        }
    }

    @Test("An admin who asks for somebody else pays himself")
    func asSomebody() throws {
        let worker = try worker([profile(allow: [entry(rate: 1)])])
        let line = #"{"op":"explain","as":{"user":"web"}}"#
        #expect(try ask(worker, line, from: .admin, times: 2) == ["ok", "rate_limited"])
        #expect(try ask(worker) == ["ok"])
    }

    @Test("The entry that serves a request is charged, once; where none does, the first that is for the caller")
    func entries() throws {
        let worker = try worker([
            profile(allow: [
                entry(1, [.verify], rate: 1), entry(2, audiences: [api], rate: 2),
                entry(3, audiences: [store], rate: 3),
            ])
        ])
        let second = #"{"op":"sign","claims":{"aud":"https://api.example"}}"#
        let third = #"{"op":"sign","claims":{"aud":"https://store.example"}}"#
        let none = #"{"op":"sign","claims":{"aud":"x"}}"#
        #expect(try ask(worker, third, times: 4) == ["ok", "ok", "ok", "rate_limited"])
        #expect(try ask(worker, none) == ["claims_rejected"])
        #expect(try ask(worker, second, times: 2) == ["ok", "rate_limited"])
        #expect(try ask(worker, none) == ["rate_limited"])
        // An empty bucket does not send the request on to a later entry that would fit as well.
        #expect(try ask(worker, #"{"op":"verify","token":"x"}"#, times: 2) == ["malformed", "rate_limited"])
        #expect(
            try ask(worker, #"{"op":"verify","token":"x","audience":"https://store.example"}"#) == ["rate_limited"])
    }

    @Test("Bytes are charged as claims are")
    func bytes() throws {
        let hooks = Profile(
            name: "default", keyring: "main", content: .bytes,
            validation: ClaimsValidation(issuer: "", requiredClaims: [], leeway: 0), audiences: [], ttl: 1,
            maximumTTL: 1, backdate: 0, type: TokenType("webhook"), fixedClaims: [], allow: [entry(rate: 2)])
        let worker = try worker([hooks])
        #expect(try ask(worker, #"{"op":"sign","payload":"AA"}"#) == ["ok"])
        #expect(try ask(worker) == ["claims_rejected"])
        #expect(try ask(worker, #"{"op":"sign","payload":"AA"}"#) == ["rate_limited"])
        #expect(try ask(worker) == ["rate_limited"])
    }

    @Test("All event loops share a user's bucket, also when it was dropped and made anew meanwhile")
    func loops() throws {
        let service = ServiceState(pid: 42) { 7 }
        let snapshot = try snapshot([profile(allow: [entry(rate: 2)])])
        let loops = try [Worker(snapshot, service), Worker(snapshot, service)]
        #expect(try ask(loops[0]) == ["ok"])
        #expect(try ask(loops[1], times: 2) == ["ok", "rate_limited"])
        #expect(try ask(loops[0]) == ["rate_limited"])
        // So many others come that the silent ones are dropped. Both loops still hold the old bucket.
        for user in 1...100 {
            _ = service.buckets.bucket(
                BucketTable.Key(user: UInt32(user), profile: "x", entry: 1, rate: 1), at: 5 * second)
        }
        #expect(try ask(loops[0], clock: 5 * second) == ["ok"])
        #expect(try ask(loops[1], times: 2, clock: 5 * second) == ["ok", "rate_limited"])
        #expect(try ask(loops[0], clock: 5 * second) == ["rate_limited"])
    }

    @Test("A bucket stays over a reload, as long as profile, entry and rate do")
    func reload() throws {
        let service = ServiceState(pid: 42) { 7 }
        let worker = try Worker(try snapshot([profile(allow: [entry(rate: 2)])]), service)
        #expect(try ask(worker, times: 3) == ["ok", "ok", "rate_limited"])
        func reload(_ profiles: [Profile]) throws {
            let new = try snapshot(profiles, generation: worker.serving.snapshot.generation + 1)
            worker.verify(with: new)
            worker.sign(with: new)
            worker.verify(with: new)
        }
        try reload([profile("new", issuer: "https://new.example"), profile(ttl: 60, allow: [entry(rate: 2)])])
        #expect(try ask(worker) == ["rate_limited"])
        try reload([profile(allow: [entry(rate: 3)])])
        #expect(try ask(worker, times: 4) == ["ok", "ok", "ok", "rate_limited"])
        try reload([profile(allow: [everyone(), entry(2, rate: 3)])])
        #expect(try ask(worker, times: 10).allSatisfy { $0 == "ok" })
    }

    @Test("Refusals are counted by their code")
    func counters() throws {
        let worker = try worker([profile(allow: [entry(rate: 1)])])
        _ = try ask(worker, times: 4)
        let status = try worker.answer(#"{"op":"status"}"#, from: .admin)
        #expect(try status.object("counters").object("refused").integer("rate_limited") == 3)
    }
}
