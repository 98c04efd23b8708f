import Authorization
import JOSE
import Keys
import SigningService
import StrictJSON
import Testing

@Suite("Fixed claims with values of the caller") struct FixedClaimValueTests {
    /// `"svc":"<value>"` for each.
    private static func fixed(_ values: CallerValue...) -> [FixedClaim] {
        values.map {
            FixedClaim(name: ByteString("c-\($0.rawValue)"), value: [.json([0x22]), .caller($0), .json([0x22])])
        }
    }

    private static let web = Account(userName: "web", uid: 1_000, groupName: "www", gid: 100)

    private func worker(_ values: CallerValue..., allow: [AllowEntry] = [entry()]) throws -> Worker {
        try SigningServiceTests.worker([
            profile(fixed: values.flatMap { Self.fixed($0) }, allow: allow), profile("plain", allow: allow),
        ])
    }

    /// What a line's first answering asks for; nil when it was answered.
    private func lookup(
        _ worker: Worker, _ line: String, from identity: Identity = .web, clock: UInt64 = 0
    ) -> AccountLookup? {
        var output: [UInt8] = []
        let moment = Moment(unixSeconds: noon, monotonicNanoseconds: clock)
        let outcome = worker.answer(Array(line.utf8).span, from: identity, at: moment, into: &output)
        guard case .lacksAccount(let lookup) = outcome else { return nil }
        #expect(output.isEmpty, "nothing is answered yet")
        return lookup
    }

    private static let sign = "{\"op\":\"sign\"}"
    private static let explain = "{\"op\":\"explain\"}"

    @Test("a name is looked up when it is first needed, and then never again")
    func lookedUpOnce() throws {
        let worker = try worker(.user, .group)
        let lookup = try #require(self.lookup(worker, Self.sign))
        var asked: [Account.Key] = []
        for _ in 0..<2 {
            lookup.carryOut(at: { 0 }) {
                asked.append($0)
                return Self.web
            }
        }
        #expect(asked == [.ids(uid: 1_000, gid: 100)])
        let token = try worker.token("{\"sub\":\"u\"}")
        let claims = try claims(token)
        #expect(claims.names == ["sub", "c-user", "c-group", "iss", "aud", "iat", "nbf", "exp", "jti"])
        #expect(try claims.string("c-user") == "web" && claims.string("c-group") == "www")
        #expect(try worker.verify(token).outcome == "ok")
        #expect(self.lookup(worker, Self.explain, clock: .max - 1) == nil)
        // Somebody else is looked up anew, and so is the same user with another group.
        let other = Identity(uid: 1_000, gid: 101, supplementaryGroups: [])
        #expect(self.lookup(worker, Self.sign, from: other) != nil)
    }

    @Test("nobody is looked up for ids, for the unit, or for a profile without templates")
    func notNeeded() throws {
        let worker = try worker(.uid, .gid, .unit)
        let service = Identity(uid: 1_000, gid: 100, supplementaryGroups: [], unit: "web@1.service")
        let token = try worker.answer(Self.sign, from: service).string("token")
        let claims = try claims(token)
        #expect(try claims.string("c-uid") == "1000" && claims.string("c-gid") == "100")
        #expect(try claims.string("c-unit") == "web@1.service")
        #expect(try self.worker(.user).answer("{\"op\":\"sign\",\"profile\":\"plain\"}").outcome == "ok")
    }

    @Test("PEER-1 nobody is looked up for whom the profile is not")
    func strangers() throws {
        let worker = try worker(.user)
        #expect(self.lookup(worker, Self.sign, from: .stranger) == nil)
        #expect(try worker.answer(Self.sign, from: .stranger).outcome == "not_permitted")
    }

    @Test("texts around a value, and values inside of arrays and tables, are one JSON")
    func nested() throws {
        let value: [FixedClaim.Piece] = [
            .json(Array("[{\"a\":\"\\\"x-".utf8)), .caller(.uid), .json(Array("\"},\"".utf8)), .caller(.gid),
            .json(Array("\"]".utf8)),
        ]
        let fixed = [FixedClaim(name: "first", json: Array("1".utf8)), FixedClaim(name: "c", value: value)]
        let worker = try SigningServiceTests.worker([profile(fixed: fixed)])
        let claims = try claims(worker.token())
        #expect(claims.names.prefix(3) == ["first", "c", "iss"])
        #expect(claims.raw("c") == "[{\"a\":\"\\\"x-1000\"},\"100\"]")
    }

    @Test("CLM-6 a fixed claim with a template is not the caller's to set, and fulfils what is required")
    func reserved() throws {
        let worker = try SigningServiceTests.worker([profile(required: ["c-uid"], fixed: Self.fixed(.uid))])
        #expect(try worker.answer(Self.sign).outcome == "ok")
        for name in ["c-uid", "C-UID"] {
            let answer = try worker.answer("{\"op\":\"sign\",\"claims\":{\"\(name)\":\"1\"}}")
            #expect(try answer.outcome == "claims_rejected")
            #expect(try answer.message.contains("not the caller's to set"))
        }
    }

    @Test(
        "a value that is missing or unfit is claims_rejected, which names the claim and what is missing, not the value",
        arguments: [
            (CallerValue.user, "the system has no name for the caller's uid"),
            (.group, "the system has no name for the caller's primary group"),
            (.unit, "the caller runs in no system unit"), (.hostname, "the host has no name that a token may hold"),
        ])
    func missing(_ value: CallerValue, _ reason: String) throws {
        let worker = try worker(value)
        self.lookup(worker, Self.sign)?.carryOut(at: { 0 }) { _ in
            Account(userName: nil, uid: 1_000, groupName: nil, gid: 100)
        }
        for line in [Self.sign, Self.explain] {
            let answer = try worker.answer(line)
            #expect(try answer.outcome == "claims_rejected")
            #expect(
                try answer.message == "the fixed claim \"c-\(value.rawValue)\" needs {\(value.rawValue)}, but \(reason)"
            )
        }
        #expect(try worker.answer("{\"op\":\"sign\",\"profile\":\"plain\"}").outcome == "ok")
    }

    @Test("a name that no token may hold is told without being shown")
    func unfit() throws {
        let worker = try worker(.user)
        self.lookup(worker, Self.sign)?.carryOut(at: { 0 }) { _ in
            Account(userName: "secret$", uid: 1_000, groupName: "www", gid: 100)
        }
        let answer = try worker.answer(Self.sign)
        #expect(try answer.outcome == "claims_rejected")
        #expect(try answer.message.contains("\"c-user\"") && !answer.message.contains("secret"))
    }

    @Test("a database that cannot be asked is internal for a while; what was missing is looked for again after it")
    func failure() throws {
        let worker = try worker(.user)
        let patience: UInt64 = 5_000_000_000
        self.lookup(worker, Self.sign)?.carryOut(at: { 10 }) { _ in nil }
        #expect(try worker.answer(Self.sign, clock: 10).outcome == "internal")
        #expect(try worker.answer(Self.sign, clock: 10 + patience - 1).outcome == "internal")
        let second = try #require(self.lookup(worker, Self.sign, clock: 10 + patience))
        second.carryOut(at: { 10 + patience }) { _ in Account(userName: nil, uid: 1_000, groupName: "www", gid: 100) }
        #expect(try worker.answer(Self.sign, clock: 10 + patience).outcome == "claims_rejected")
        let third = try #require(self.lookup(worker, Self.sign, clock: 10 + 2 * patience))
        third.carryOut(at: { 10 + 2 * patience }) { _ in Self.web }
        #expect(try worker.answer(Self.sign, clock: .max - 1).outcome == "ok")
    }

    @Test("a reload forgets what was looked up, and a look-up of before answers nothing after it")
    func reload() throws {
        let worker = try worker(.user)
        let old = try #require(self.lookup(worker, Self.sign))
        let fresh = Snapshot(
            keyrings: [Keyring(name: "main", algorithm: .hs256, keys: [try key()])],
            profiles: [profile(fixed: Self.fixed(.user))],
            admins: Who(users: NameList(names: ["root"], ids: [0]), groups: nil), largestToken: 65_024, generation: 2)
        worker.verify(with: fresh)
        worker.sign(with: fresh)
        old.carryOut(at: { 0 }) { _ in Self.web }
        let lookup = try #require(self.lookup(worker, Self.sign))
        lookup.carryOut(at: { 0 }) { _ in Account(userName: "renamed", uid: 1_000, groupName: "www", gid: 100) }
        #expect(try claims(worker.token()).string("c-user") == "renamed")
    }

    @Test("a request is charged when it is answered, not when it waits")
    func charged() throws {
        let worker = try worker(.user, allow: [entry(rate: 1)])
        for _ in 0..<3 { #expect(self.lookup(worker, Self.sign) != nil) }
        self.lookup(worker, Self.sign)?.carryOut(at: { 0 }) { _ in Self.web }
        #expect(try worker.answer(Self.sign).outcome == "ok")
        #expect(try worker.answer(Self.sign).outcome == "rate_limited")
    }

    @Test("WIRE-5 a missing value comes after the content kind and before the ttl")
    func precedence() throws {
        let worker = try worker(.unit, allow: [entry(maximumTTL: 10)])
        #expect(try worker.answer("{\"op\":\"sign\",\"payload\":\"\"}").message.contains("signs claims"))
        #expect(try worker.answer("{\"op\":\"sign\",\"ttl\":11}").outcome == "claims_rejected")
        #expect(try worker.answer("{\"op\":\"sign\",\"ttl\":0}").outcome == "malformed_request")
    }

    @Test("memory is bounded: of more users than are remembered, the earlier ones are looked up again")
    func bounded() throws {
        let worker = try worker(.user, allow: [everyone()])
        func identity(_ uid: UInt32) -> Identity { Identity(uid: uid, gid: 1, supplementaryGroups: []) }
        for uid in UInt32(1)...4_096 {
            self.lookup(worker, Self.sign, from: identity(uid))?.carryOut(at: { 0 }) { _ in Self.web }
        }
        #expect(self.lookup(worker, Self.sign, from: identity(1)) == nil)
        self.lookup(worker, Self.sign, from: identity(5_000))?.carryOut(at: { 0 }) { _ in Self.web }
        #expect(self.lookup(worker, Self.sign, from: identity(5_000)) == nil)
        #expect(self.lookup(worker, Self.sign, from: identity(1)) != nil)
    }

    @Test("explain of somebody whom an admin names has the ids and the group of the database")
    func explained() throws {
        let worker = try worker(.user, .uid, .group, .gid, .unit)
        let line = "{\"op\":\"explain\",\"as\":{\"user\":\"web\",\"unit\":\"a.service\"}}"
        let lookup = try #require(self.lookup(worker, line, from: .admin))
        lookup.carryOut(at: { 0 }) { key in
            #expect(key == .userName("web"))
            return Self.web
        }
        let claims = try worker.answer(line, from: .admin).object("claims")
        let names: [ByteString] = ["c-user", "c-uid", "c-group", "c-gid", "c-unit"]
        #expect(try names.map { try claims.string($0) } == ["web", "1000", "www", "100", "a.service"])
        let without = try worker.answer("{\"op\":\"explain\",\"as\":{\"user\":\"web\"}}", from: .admin)
        #expect(try without.message.contains("{unit}"))
    }

    @Test("explain of somebody whom the system does not know, and of nobody in particular, says what is missing")
    func unknownNames() throws {
        let worker = try worker(.uid, allow: [everyone()])
        let line = "{\"op\":\"explain\",\"as\":{\"user\":\"ghost\"}}"
        self.lookup(worker, line, from: .admin)?.carryOut(at: { 0 }) { _ in
            Account(userName: "ghost", uid: nil, groupName: nil, gid: nil)
        }
        for line in [line, "{\"op\":\"explain\",\"as\":{}}"] {
            let answer = try worker.answer(line, from: .admin)
            #expect(try answer.outcome == "claims_rejected")
            #expect(try answer.message == "the fixed claim \"c-uid\" needs {uid}, but the system knows no such user")
        }
        let other = try self.worker(.user, allow: [everyone()])
        self.lookup(other, line, from: .admin)?.carryOut(at: { 0 }) { _ in
            Account(userName: "ghost", uid: nil, groupName: nil, gid: nil)
        }
        #expect(try other.answer(line, from: .admin).object("claims").string("c-user") == "ghost")
    }
}
