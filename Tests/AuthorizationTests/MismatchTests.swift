import Authorization
import JOSE
import StrictJSON
import Testing

@Suite("Why no entry is for somebody") struct MismatchTests {
    private func entry(
        _ number: Int, _ permissions: Set<Permission> = [.sign], users: NameList? = nil, groups: NameList? = nil,
        units: [ByteString]? = nil
    ) -> AllowEntry {
        AllowEntry(
            number: number, source: ByteString("s.toml:\(number)"),
            who: Who(users: users, groups: groups, units: units),
            permissions: permissions, audiences: ["a"], allowedClaims: .all, maximumTTL: 1)
    }

    private func profile(_ allow: [AllowEntry]) -> Profile {
        Profile(
            name: "p", keyring: "r", validation: ClaimsValidation(issuer: "i", requiredClaims: [], leeway: 0),
            audiences: ["a"], ttl: 1, maximumTTL: 1, backdate: 0, type: TokenType("JWT"), fixedClaims: [], allow: allow)
    }

    private static let users = NameList(names: ["web"], ids: [1_000])
    private static let groups = NameList(names: ["staff"], ids: [50])
    private static let units: [ByteString] = ["register.service"]

    @Test("each entry in the order of the file, with every list that does not hold")
    func texts() {
        let profile = profile([
            entry(1, users: Self.users), entry(2, groups: Self.groups, units: Self.units),
            entry(3, [.verify], users: NameList(names: ["*"], ids: [])), entry(4),
        ])
        #expect(
            profile.mismatches(with: Identity(userName: "bob", groupNames: ["a"]), .sign)
                == "entry 1 (s.toml:1): user \"bob\" is not in users; "
                + "entry 2 (s.toml:2): none of the groups is in groups, unit is none; "
                + "entry 3 (s.toml:3): it is not for sign; entry 4 (s.toml:4): it names nobody")
        #expect(
            profile.mismatches(
                with: Identity(uid: 7, gid: 8, supplementaryGroups: [], unit: "other.service"), .sign)
                == "entry 1 (s.toml:1): uid 7 is not in users; entry 2 (s.toml:2): none of the groups is in groups, "
                + "unit \"other.service\" is not in units; entry 3 (s.toml:3): it is not for sign; "
                + "entry 4 (s.toml:4): it names nobody")
        #expect(
            profile.mismatches(with: Identity(userName: nil, groupNames: [], unit: "register.service"), .sign)
                == "entry 1 (s.toml:1): user is none; entry 2 (s.toml:2): groups are none; "
                + "entry 3 (s.toml:3): it is not for sign; entry 4 (s.toml:4): it names nobody")
        #expect(
            self.profile([]).mismatches(with: Identity(userName: "bob", groupNames: []), .sign)
                == "the profile has no allow entry")
    }

    @Test("what is said agrees with what is decided, for every entry and caller")
    func agreement() {
        let everyone = NameList(names: ["*"], ids: [])
        let identities =
            [1_000, 7, 65_534].flatMap { (uid: UInt32) in
                [50, 9].flatMap { (gid: UInt32) in
                    [nil, "register.service", "x.service"].map { (unit: ByteString?) in
                        Identity(uid: uid, gid: gid, supplementaryGroups: [], unit: unit)
                    }
                }
            } + [
                Identity(userName: "web", groupNames: ["staff"], unit: "register.service"),
                Identity(userName: "bob", groupNames: []), Identity(userName: nil, groupNames: ["staff"]),
            ]
        var concerned = 0
        for users in [nil, Self.users, everyone] {
            for groups in [nil, Self.groups] {
                for units in [nil, Self.units] {
                    for permissions in [[.sign], [.verify]] as [Set<Permission>] {
                        let entry = entry(1, permissions, users: users, groups: groups, units: units)
                        for identity in identities {
                            let reasons = profile([entry]).mismatches(with: identity, .sign)
                            #expect(reasons.isEmpty == entry.concerns(identity, .sign), "\(reasons)")
                            if reasons.isEmpty { concerned += 1 }
                        }
                    }
                }
            }
        }
        #expect(concerned > 20)
    }

    @Test("the text is bounded, whatever is asked and however many entries there are")
    func bound() {
        let endless = ByteString([UInt8](repeating: 0, count: 60_000))
        let entries = (1...1_000).map { entry($0, users: Self.users, groups: Self.groups, units: Self.units) }
        let asked = Identity(userName: endless, groupNames: [endless], unit: endless)
        let text = profile(entries).mismatches(with: asked, .sign)
        #expect(text.utf8.count < 20_000)
        #expect(text.hasSuffix("; and 980 more entries"))
        #expect(!profile(Array(entries.prefix(20))).mismatches(with: asked, .sign).contains("more"))
    }
}
