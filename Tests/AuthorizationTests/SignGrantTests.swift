import Authorization
import JOSE
import StrictJSON
import Testing

@Suite struct SignGrantTests {
    private static let web = Identity(uid: 1, gid: 2, supplementaryGroups: [])

    private func entry(
        _ number: Int, uid: UInt32 = 1, _ permissions: Set<Permission> = [.sign],
        _ audiences: [ByteString] = ["a", "b"],
        claims: ClaimAllowance = .all, maximumTTL: Int64 = 100
    ) -> AllowEntry {
        AllowEntry(
            number: number, source: "s", who: Who(users: NameList(names: ["u"], ids: [uid]), groups: nil),
            permissions: permissions, audiences: audiences, allowedClaims: claims, maximumTTL: maximumTTL)
    }

    private func profile(_ allow: [AllowEntry], ttl: Int64 = 50, maximumTTL: Int64 = 1_000) -> Profile {
        Profile(
            name: "p", keyring: "r", validation: ClaimsValidation(issuer: "i", requiredClaims: [], leeway: 0),
            audiences: ["a", "b"], ttl: ttl, maximumTTL: maximumTTL, backdate: 0, type: TokenType("JWT"),
            fixedClaims: [FixedClaim(name: "role", json: [UInt8(ascii: "1")])], allow: allow)
    }

    /// `entry:audience:ttl` of what is granted, or why nothing is.
    private func decide(_ profile: Profile, _ claims: String? = nil, ttl: Int64? = nil) throws -> String {
        let line = Array("{\"claims\":\(claims ?? "{}")}".utf8)
        var index = JSONIndex()
        try index.read(line.span, maximumDepth: 8, indexedDepth: 2)
        let value = claims == nil ? nil : index.members[index.root.firstMember].value
        do throws(SignGrant.Denial) {
            let grant = try SignGrant.decide(profile, for: Self.web, claims: value, ttl: ttl, index, in: line.span)
            let audience = grant.entry.audiences[grant.audience].text
            return "\(grant.entry.number):\(audience)\(grant.audienceIsClaimed ? "!" : ""):\(grant.ttl)"
        } catch {
            switch error {
            case .notPermitted: return "not permitted"
            case .ttlTooLong(let cap): return "ttl over \(cap)"
            case .missingClaim(let name): return "lacks \(name.text)"
            case .claim(let name, let problem): return "\(problem) \(name.quoted(in: line.span))"
            }
        }
    }

    @Test("PEER-1 only entries for the caller and for signing count")
    func concern() throws {
        #expect(try decide(profile([])) == "not permitted")
        #expect(try decide(profile([entry(1, uid: 2), entry(2, [.verify])])) == "not permitted")
        #expect(try decide(profile([entry(1, uid: 2), entry(2, [.verify]), entry(3)])) == "3:a:50")
        #expect(try decide(profile([entry(1, [.sign, .verify])]), "{\"iss\":1}") == "madeByDaemon \"iss\"")
        #expect(try decide(profile([]), "{\"iss\":1}") == "not permitted")
    }

    @Test("CLM-8 the cap is the lower of entry and profile, also for what no request names")
    func life() throws {
        #expect(try decide(profile([entry(1)]), ttl: 100) == "1:a:100")
        #expect(try decide(profile([entry(1)]), ttl: 101) == "ttl over 100")
        #expect(try decide(profile([entry(1)], maximumTTL: 60), ttl: 61) == "ttl over 60")
        #expect(try decide(profile([entry(1, maximumTTL: 7)])) == "1:a:7")
        #expect(try decide(profile([entry(1)], ttl: 500, maximumTTL: 40)) == "1:a:40")
        #expect(try decide(profile([entry(1), entry(2, maximumTTL: 200)]), ttl: 101) == "2:a:101")
        #expect(try decide(profile([entry(1), entry(2, maximumTTL: 200)]), ttl: 201) == "ttl over 100")
    }

    @Test("CLM-4 an audience is claimed by exact bytes from what the entry grants")
    func audience() throws {
        let entries = [entry(1, [.sign], ["b"]), entry(2, [.sign], ["a", "b"])]
        #expect(try decide(profile(entries)) == "1:b:50")
        #expect(try decide(profile(entries), "{\"aud\":\"b\"}") == "1:b!:50")
        #expect(try decide(profile(entries), "{\"aud\":\"\\u0061\"}") == "2:a!:50")
        #expect(try decide(profile(entries), "{\"aud\":\"c\"}") == "audienceNotGranted \"aud\"")
        #expect(try decide(profile(entries), "{\"aud\":[\"b\"]}") == "audienceNotOneString \"aud\"")
        #expect(try decide(profile(entries), "{\"Aud\":\"b\"}") == "madeByDaemon \"Aud\"")
    }

    @Test("CLM-6 claims are those that the entry names; aud needs no naming")
    func claims() throws {
        let entries = [entry(1, claims: .only(["sub"])), entry(2, claims: .only(["sub", "email"]), maximumTTL: 9)]
        #expect(try decide(profile(entries), "{\"sub\":1,\"aud\":\"b\"}") == "1:b!:50")
        #expect(try decide(profile(entries), "{\"email\":1}") == "2:a:9")
        #expect(try decide(profile(entries), "{\"sub\":1,\"x\":1}") == "notAllowed \"x\"")
        #expect(try decide(profile(entries), "{\"email\":1}", ttl: 10) == "notAllowed \"email\"")
        #expect(try decide(profile(entries), "{\"x\":1,\"ROLE\":1}") == "madeByDaemon \"ROLE\"")
        #expect(ClaimAllowance(names: ["*"]) == .all)
        #expect(ClaimAllowance(names: ["*", "a"]) == .only(["*", "a"]))
        #expect(ClaimAllowance(names: []) == .only([]))
    }
}
