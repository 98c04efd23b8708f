import Authorization
import StrictJSON
import Testing

@Suite struct WhoTests {
    private static let web = NameList(names: ["web", "ghost"], ids: [1_000])
    private static let staff = NameList(names: ["staff"], ids: [50])
    private static let all = NameList(names: ["*"], ids: [])

    private func peer(
        _ uid: UInt32, _ gid: UInt32 = 9, also groups: [UInt32] = [], in unit: ByteString? = nil
    ) -> Identity {
        Identity(uid: uid, gid: gid, supplementaryGroups: groups, unit: unit)
    }

    @Test("PEER-1 within a list any fits: by uid, by primary and by supplementary group")
    func withinLists() {
        let users = Who(users: NameList(names: ["a", "b"], ids: [1, 2]), groups: nil)
        #expect(users.includes(peer(1)) && users.includes(peer(2)))
        #expect(!users.includes(peer(3)))
        let groups = Who(users: nil, groups: NameList(names: ["g", "h"], ids: [50, 51]))
        #expect(groups.includes(peer(3, 50)) && groups.includes(peer(3, 9, also: [8, 51])))
        #expect(!groups.includes(peer(50, 9)) && !groups.includes(peer(51, 9, also: [52])))
    }

    @Test("PEER-1 between lists all must fit")
    func betweenLists() {
        let both = Who(users: Self.web, groups: Self.staff)
        #expect(both.includes(peer(1_000, 50)) && both.includes(peer(1_000, 9, also: [50])))
        #expect(!both.includes(peer(1_000)) && !both.includes(peer(2, 50)))
        let anyone = Who(users: Self.all, groups: Self.staff)
        #expect(anyone.includes(peer(2, 50)) && !anyone.includes(peer(2)))
    }

    @Test("PEER-1 without a list, and with an empty one, nobody fits; a star among names is a name")
    func nobody() {
        #expect(!Who(users: nil, groups: nil).includes(peer(0, 0)))
        #expect(!Who(users: NameList(names: [], ids: []), groups: nil).includes(peer(0, 0)))
        #expect(!Who(users: NameList(names: ["*", "web"], ids: [1_000]), groups: nil).includes(peer(1)))
        #expect(!Who(users: NameList(names: ["ghost"], ids: []), groups: nil).includes(peer(0)))
        #expect(Who(users: Self.all, groups: nil).includes(peer(1)))
    }

    @Test("PEER-2 the overflow uid is nobody, also for a star and as an admin")
    func overflow() {
        let lists = NameList(names: ["nobody"], ids: [65_534])
        for who in [Who(users: Self.all, groups: nil), Who(users: lists, groups: nil), Who(users: nil, groups: lists)] {
            #expect(!who.includes(peer(65_534, 65_534)) && !who.includesByAnyList(peer(65_534, 65_534)))
        }
        #expect(!peer(65_534).isKnown && peer(65_533).isKnown && peer(0).isKnown)
    }

    @Test("PEER-2 an entry by units is for whom runs in one of them, and for nobody without a unit")
    func units() {
        let services = Who(users: nil, groups: nil, units: ["register.service", "web@7.service"])
        #expect(services.includes(peer(1, in: "register.service")) && services.includes(peer(2, in: "web@7.service")))
        // A dynamic user, whom no entry can name.
        #expect(services.includes(peer(61_200, 61_200, in: "register.service")))
        #expect(!services.includes(peer(1)) && !services.includes(peer(0, 0)))
        for unit: ByteString in [
            "user@1000.service", "register", "register.service ", "Register.service", "web@.service", "web@70.service",
            "*", "",
        ] {
            #expect(!services.includes(peer(1, in: unit)))
        }
        #expect(!Who(users: nil, groups: nil, units: []).includes(peer(1, in: "register.service")))
        #expect(!Who(users: nil, groups: nil, units: ["*"]).includes(peer(1, in: "register.service")))
    }

    @Test("PEER-2 units and users, and units and groups, must both fit; others' units change nothing")
    func unitsAndOthers() {
        let both = Who(users: Self.web, groups: Self.staff, units: ["register.service"])
        #expect(both.includes(peer(1_000, 50, in: "register.service")))
        #expect(!both.includes(peer(1_000, 50)) && !both.includes(peer(1_000, 50, in: "other.service")))
        #expect(!both.includes(peer(1, 50, in: "register.service")))
        #expect(!both.includes(peer(1_000, 9, in: "register.service")))
        let anyone = Who(users: Self.all, groups: nil, units: ["register.service"])
        #expect(anyone.includes(peer(7, in: "register.service")) && !anyone.includes(peer(7)))
        #expect(Who(users: Self.web, groups: nil).includes(peer(1_000, in: "other.service")))
    }

    @Test("PEER-2 whether an entry names whom it serves besides their unit")
    func restsOnUnit() {
        let units: [ByteString] = ["register.service"]
        #expect(Who(users: nil, groups: nil, units: units).restsOnUnitAlone)
        #expect(Who(users: Self.all, groups: nil, units: units).restsOnUnitAlone)
        #expect(!Who(users: Self.web, groups: nil, units: units).restsOnUnitAlone)
        #expect(!Who(users: nil, groups: Self.staff, units: units).restsOnUnitAlone)
        #expect(!Who(users: Self.all, groups: Self.staff, units: units).restsOnUnitAlone)
        #expect(!Who(users: Self.all, groups: nil).restsOnUnitAlone)
    }

    @Test("PEER-2 the overflow uid is nobody in any unit, and a unit makes no admin")
    func unitOfNobody() {
        let services = Who(users: nil, groups: nil, units: ["register.service"])
        #expect(!services.includes(peer(65_534, 65_534, in: "register.service")))
        #expect(services.includes(peer(65_533, 65_533, in: "register.service")))
        #expect(!services.includesByAnyList(peer(1, in: "register.service")))
    }

    @Test("an identity of names is found by name, byte for byte, never by id")
    func byName() {
        let users = Who(users: Self.web, groups: nil)
        #expect(users.includes(Identity(userName: "web", groupNames: [])))
        for name: ByteString in ["Web", "web ", "1000", "*", ""] {
            #expect(!users.includes(Identity(userName: name, groupNames: ["web"])))
        }
        #expect(!users.includes(Identity(userName: nil, groupNames: [])))
        let groups = Who(users: nil, groups: Self.staff)
        #expect(groups.includes(Identity(userName: nil, groupNames: ["a", "staff"])))
        #expect(!groups.includes(Identity(userName: "staff", groupNames: ["50"])))
        #expect(Who(users: Self.all, groups: nil).includes(Identity(userName: nil, groupNames: [])))
        let services = Who(users: Self.web, groups: nil, units: ["register.service"])
        #expect(services.includes(Identity(userName: "web", groupNames: [], unit: "register.service")))
        #expect(!services.includes(Identity(userName: "web", groupNames: [], unit: "other.service")))
        #expect(!services.includes(Identity(userName: "web", groupNames: ["register.service"])))
        #expect(!services.includes(Identity(userName: nil, groupNames: [], unit: "register.service")))
    }

    @Test("UNI-1 names that Swift's String calls equal are two names")
    func bytes() {
        let users = Who(users: NameList(names: ["caf\u{E9}", "\u{212A}"], ids: []), groups: nil)
        #expect(users.includes(Identity(userName: "caf\u{E9}", groupNames: [])))
        #expect(!users.includes(Identity(userName: "cafe\u{301}", groupNames: [])))
        #expect(!users.includes(Identity(userName: "K", groupNames: [])))
    }

    @Test("an admin is whom any of the lists holds")
    func admins() {
        let admins = Who(users: Self.web, groups: Self.staff)
        #expect(admins.includesByAnyList(peer(1_000)) && admins.includesByAnyList(peer(2, 50)))
        #expect(!admins.includesByAnyList(peer(2)))
        #expect(!Who(users: nil, groups: nil).includesByAnyList(peer(0, 0)))
    }
}
