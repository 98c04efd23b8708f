import Authorization
import StrictJSON
import Testing

@Suite("What fixed claims say of a caller") struct CallerValueTests {
    private static let caller = Identity(uid: 1_000, gid: 100, supplementaryGroups: [7], unit: "web@1.service")
    private static let account = Account(userName: "web", uid: 1_000, groupName: "www", gid: 100)
    /// Somebody whom an admin asks about.
    private static let named = Identity(userName: "ada", groupNames: ["staff"])

    private func text(_ value: CallerValue, _ identity: Identity, _ account: Account?) -> String {
        do throws(CallerValue.Absence) { return try value.text(of: identity, account).text } catch { return "\(error)" }
    }

    @Test(
        "each value of a caller",
        arguments: [
            (CallerValue.user, "web"), (.uid, "1000"), (.group, "www"), (.gid, "100"), (.unit, "web@1.service"),
            (.hostname, "unknown"),
        ])
    func callers(_ value: CallerValue, _ expected: String) {
        #expect(text(value, Self.caller, Self.account) == expected)
    }

    @Test("of somebody whom an admin names, the database says the ids and the group")
    func named() {
        let account = Account(userName: "ada", uid: 5, groupName: "users", gid: 6)
        #expect(
            CallerValue.allCases.map { text($0, Self.named, account) } == [
                "ada", "5", "users", "6", "unknown", "unknown",
            ])
        #expect(
            CallerValue.allCases.map { text($0, Self.named, nil) } == ["ada"] + Array(repeating: "unknown", count: 5))
    }

    @Test("what the database does not know is unknown; ids are the kernel's word")
    func unknown() {
        let nobody = Identity(uid: 4_711, gid: 4_712, supplementaryGroups: [100])
        let empty = Account(userName: nil, uid: 4_711, groupName: nil, gid: 4_712)
        for account in [empty, nil] {
            #expect(
                CallerValue.allCases.map { text($0, nobody, account) }
                    == ["unknown", "4711", "unknown", "4712", "unknown", "unknown"])
        }
        #expect(!empty.isWhole && Self.account.isWhole)
    }

    @Test(
        "PEER-2 the name of an id that others get later says nothing, and its number stays",
        arguments: [61_184, 65_519, 65_534, 65_535] as [UInt32])
    func recycled(_ id: UInt32) {
        let peer = Identity(uid: id, gid: id, supplementaryGroups: [])
        #expect(text(.user, peer, Self.account) == "recycled" && text(.group, peer, Self.account) == "recycled")
        #expect(text(.uid, peer, nil) == "\(id)" && text(.gid, peer, nil) == "\(id)")
        let account = Account(userName: "ada", uid: id, groupName: "ada", gid: id)
        #expect(text(.user, Self.named, account) == "recycled" && text(.group, Self.named, account) == "recycled")
        for neighbour in [61_183, 65_520, 65_533, 65_536] as [UInt32] {
            let peer = Identity(uid: neighbour, gid: neighbour, supplementaryGroups: [id])
            #expect(text(.user, peer, Self.account) == "web" && text(.group, peer, Self.account) == "www")
        }
    }

    @Test("only some bytes may enter a token, and not too many")
    func alphabet() {
        let fit = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@:-"
        for byte in UInt8.min...UInt8.max {
            let isFit = CallerValue.isFit(ByteString([UInt8(ascii: "a"), byte]))
            #expect(isFit == fit.utf8.contains(byte), "\(byte)")
        }
        #expect(!CallerValue.isFit("") && CallerValue.isFit("a"))
        #expect(CallerValue.isFit(ByteString([UInt8](repeating: 0x61, count: 256))))
        #expect(!CallerValue.isFit(ByteString([UInt8](repeating: 0x61, count: 257))))
        for name: ByteString in ["host$", "DOMAIN\\ada", "ada lovelace", "\"", "caf\u{E9}", "a\u{0}"] {
            #expect(text(.user, Self.caller, Account(userName: name, uid: 1, groupName: name, gid: 1)) == "unfit")
            #expect(text(.unit, Identity(uid: 1, gid: 1, supplementaryGroups: [], unit: name), nil) == "unfit")
        }
    }

    @Test("the database is needed for names of ids, and for ids of names")
    func needs() {
        func needed(_ identity: Identity) -> [CallerValue] {
            CallerValue.allCases.filter { $0.needsAccount(of: identity) }
        }
        #expect(needed(Self.caller) == [.user, .group])
        #expect(needed(Self.named) == [.user, .uid, .group, .gid])
        #expect(Account.Key(Self.caller) == .ids(uid: 1_000, gid: 100))
        #expect(Account.Key(Self.named) == .userName("ada"))
        #expect(Account.Key(Identity(userName: nil, groupNames: ["staff"])) == nil)
    }

    @Test("an explanation names the template and never the value", arguments: CallerValue.allCases)
    func explanations(_ value: CallerValue) {
        for absence in [CallerValue.Absence.unknown, .recycled, .unfit] {
            #expect(value.explanation(absence).hasPrefix("{\(value.rawValue)}, but "))
        }
    }
}
