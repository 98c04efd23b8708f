import Testing

@testable import Daemon

@Suite("What weakens the service, though it can run") struct SurroundingsTests {
    private let everyone = Array("         0          0 4294967295\n".utf8)

    @Test("A user of its own in the host's namespace is no reason to warn")
    func sound() {
        #expect(Surroundings.warnings(user: 990, uidMap: everyone).isEmpty)
        #expect(Surroundings.warnings(user: 990, uidMap: nil).isEmpty)
    }

    @Test("Root is one")
    func root() {
        let warnings = Surroundings.warnings(user: 0, uidMap: everyone)
        #expect(warnings.count == 1 && warnings[0].hasPrefix("runs as root"), "\(warnings)")
    }

    @Test(
        "PEER-2 A user namespace without a whole map of identities is one",
        arguments: [
            "0 1000 1\n", "0 0 65536\n", "0 100000 4294967295\n", "0 0 1\n1 1 4294967294\n", "",
            "1 1 4294967295\n",
        ])
    func namespace(map: String) {
        let warnings = Surroundings.warnings(user: 990, uidMap: Array(map.utf8))
        #expect(warnings.count == 1 && warnings[0].contains("user namespace"), "\(warnings)")
    }
}
