import Authorization
import StrictJSON
import Testing

@Suite("The star, alone in a list") struct StarTests {
    private static let all = NameList(names: ["*"], ids: [])

    @Test("PEER-1 among groups it is everyone, whatever groups they have, and whoever an admin names")
    func groups() {
        let anyone = Who(users: nil, groups: Self.all)
        #expect(anyone.includes(Identity(uid: 1, gid: 2, supplementaryGroups: [])))
        #expect(anyone.includes(Identity(userName: "ada", groupNames: [])))
        let both = Who(users: NameList(names: ["web"], ids: [1]), groups: Self.all)
        #expect(both.includes(Identity(uid: 1, gid: 2, supplementaryGroups: [])))
        #expect(!both.includes(Identity(uid: 3, gid: 2, supplementaryGroups: [])))
    }

    @Test("among claims it is every claim; beside other names it is a name")
    func claims() throws {
        let line = Array(#"{"role":1}"#.utf8)
        var index = JSONIndex()
        try index.read(line.span, maximumDepth: 1, indexedDepth: 1)
        let role = index.members[index.root.firstMember].name
        func allows(_ names: ByteString...) -> Bool { ClaimAllowance(names: names).allows(role, in: line.span) }
        #expect(allows("*") && allows("sub", "role"))
        #expect(!allows("*", "sub") && !allows())
    }
}
