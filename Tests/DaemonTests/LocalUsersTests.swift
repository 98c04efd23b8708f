import Foundation
import Testing

@testable import Daemon

@Suite("Names of local users, for the log") struct LocalUsersTests {
    private let file = FileManager.default.temporaryDirectory.appending(path: "passwd-\(UUID().uuidString.prefix(8))")

    private func write(_ text: String) throws { try Data(text.utf8).write(to: file) }

    private func name(_ uid: UInt32, _ users: LocalUsers) -> String? {
        users.name(of: uid).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("A uid has the first name that the file gives it; a changed file is read anew, and a lost one names nobody")
    func names() throws {
        defer { try? FileManager.default.removeItem(at: file) }
        try write("root:x:0:0::/root:/bin/sh\n# nothing\nweb:x:990:990::/:\nother:x:990:1::/:\nbad:x:-1:0::/:\n::7\n")
        let users = LocalUsers(path: file.path)
        #expect(name(0, users) == "root" && name(990, users) == "web" && name(7, users) == nil && name(1, users) == nil)
        try write("alice:x:990:990::/:\n")
        #expect(name(990, users) == "alice" && name(0, users) == nil)
        try FileManager.default.removeItem(at: file)
        #expect(name(990, users) == nil)
    }
}
