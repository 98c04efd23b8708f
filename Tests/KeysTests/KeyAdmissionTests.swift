import Foundation
import Glibc
import JOSE
import Keys
import POSIX
import StrictJSON
import Testing

/// Whose files may hold keys. Each refusal names the file and what to do.
@Suite struct KeyAdmissionTests {
    private let folder: KeyFolder
    private let file: String

    init() throws {
        folder = try KeyFolder()
        file = try folder.writeKey("k.jwk", kid: "k")
    }

    @Test("a file that only its owner reads is admitted", arguments: [0o600, 0o400, 0o700])
    func ownerOnly(_ mode: Int) throws {
        try folder.setMode(mode, file)
        #expect(try folder.kids() == ["k"])
    }

    @Test(
        "a file that others may read or write is refused",
        arguments: [
            (0o604, "everyone can read the key file"), (0o644, "everyone can read the key file"),
            (0o606, "everyone can read the key file"), (0o602, "everyone can write the key file"),
            (0o620, "its group can write the key file"), (0o660, "its group can write the key file"),
            (0o666, "everyone can read the key file"),
        ])
    func othersMay(_ mode: Int, _ problem: String) throws {
        try folder.setMode(mode, file)
        let error = try #require(folder.refusal())
        #expect(error.file == file)
        #expect(error.problem == problem)
        #expect(error.fix.hasPrefix("chmod 0600 \(file)"))
    }

    @Test("a file is readable by a group without members", .enabled(if: Tester.isRoot, "only root gives files away"))
    func groupWithoutMembers() throws {
        try folder.setOwner(0, group: 54_321, file)
        try folder.setMode(0o640, file)
        #expect(try folder.kids() == ["k"])
    }

    @Test(
        "a file that a group with members may read is refused",
        .enabled(if: Tester.isRoot, "only root gives files away"),
        .enabled(if: Tester.groupWithMembers != nil, "no group in /etc/group lists members"))
    func groupWithMembers() throws {
        try folder.setOwner(0, group: #require(Tester.groupWithMembers), file)
        try folder.setMode(0o640, file)
        #expect(folder.refusal()?.file == file)
        #expect(folder.refusal()?.problem == "its group can read the key file and has members")
        try folder.setMode(0o600, file)
        #expect(folder.refusal() == nil)
    }

    @Test(
        "a file of root or of the daemon's user is admitted", .enabled(if: Tester.isRoot, "only root gives files away"))
    func owners() throws {
        #expect(folder.refusal(user: 4_711) == nil)
        try folder.setOwner(4_711, group: 4_711, file)
        try folder.setOwner(4_711, group: 4_711, folder.path)
        #expect(folder.refusal(user: 4_711) == nil)
    }

    @Test("a file of another user is refused", .enabled(if: Tester.isRoot, "only root gives files away"))
    func foreignFile() throws {
        try folder.setOwner(4_711, group: 0, file)
        for user in [0, 4_712] as [UInt32] {
            let error = try #require(folder.refusal(user: user))
            #expect(error.file == file)
            #expect(error.problem == "the key file belongs to uid 4711, not to root or uid \(user)")
            #expect(error.fix == "chown \(user) \(file)")
        }
    }

    @Test("a directory of another user is refused", .enabled(if: Tester.isRoot, "only root gives files away"))
    func foreignDirectory() throws {
        try folder.setOwner(4_711, group: 0, folder.path)
        #expect(folder.refusal()?.file == folder.path)
        #expect(folder.refusal()?.problem == "the key directory belongs to uid 4711, not to root or uid 0")
    }

    @Test("a symbolic link is refused, to a good key or to nothing")
    func link() throws {
        let link = folder.file("z.jwk")
        for target in ["k.jwk", file, "nothing", "/dev/zero"] {
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
            let error = try #require(folder.refusal())
            #expect(error.file == link)
            #expect(error.problem == "is a symbolic link")
            #expect(error.fix == "replace it by the file itself")
            try FileManager.default.removeItem(atPath: link)
        }
    }

    @Test("a FIFO that nobody writes to is refused, without waiting")
    func fifo() throws {
        let path = folder.file("z.jwk")
        // Reason: mkfifo(3) reads the path during the call.
        try #require(unsafe mkfifo(path, 0o600) == 0)
        #expect(folder.refusal()?.file == path)
        #expect(folder.refusal()?.problem == "is no regular file")
    }

    @Test("a directory in a key's place is refused")
    func directoryInPlace() throws {
        let path = folder.file("z.jwk")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(folder.refusal()?.file == path)
        #expect(folder.refusal()?.problem == "is no regular file")
    }

    @Test(
        "a directory that others may write is refused, with the sticky bit too",
        arguments: [
            (0o777, "everyone"), (0o1777, "everyone"), (0o702, "everyone"), (0o770, "its group"), (0o720, "its group"),
        ])
    func openDirectory(_ mode: Int, _ writers: String) throws {
        try folder.setMode(mode, folder.path)
        let error = try #require(folder.refusal())
        #expect(error.file == folder.path)
        #expect(error.problem == "the key directory can be written by \(writers)")
        #expect(error.fix == "chmod 0700 \(folder.path)")
    }

    @Test("a directory that others may only read is admitted", arguments: [0o755, 0o750, 0o711, 0o500])
    func readableDirectory(_ mode: Int) throws {
        try folder.setMode(mode, folder.path)
        #expect(try folder.kids() == ["k"])
    }

    @Test(
        "a directory above that belongs to a third user is refused",
        .enabled(if: Tester.isRoot, "only root gives files away"))
    func parentOfThirdUser() throws {
        try folder.setOwner(4_711, group: 0, folder.parent)
        #expect(folder.refusal()?.file == folder.parent)
        #expect(folder.refusal()?.problem.hasPrefix("a directory above the keys belongs to uid 4711") == true)
        try folder.setOwner(0, group: 0, folder.parent)
        #expect(folder.refusal() == nil)
    }

    @Test(
        "a directory above that a group with members may write is refused",
        .enabled(if: Tester.isRoot, "only root gives files away"),
        .enabled(if: Tester.groupWithMembers != nil, "no group in /etc/group lists members"))
    func parentOfGroup() throws {
        try folder.setOwner(0, group: #require(Tester.groupWithMembers), folder.parent)
        try folder.setMode(0o775, folder.parent)
        #expect(folder.refusal()?.file == folder.parent)
        #expect(folder.refusal()?.fix == "chmod go-w \(folder.parent)")
        try folder.setMode(0o755, folder.parent)
        #expect(folder.refusal() == nil)
    }

    @Test("a directory above that everyone may write is refused, unless it is sticky")
    func openParent() throws {
        try folder.setMode(0o777, folder.parent)
        let error = try #require(folder.refusal())
        #expect(error.file == folder.parent)
        #expect(error.problem == "a directory above the keys can be written by everyone")
        #expect(error.fix == "chmod go-w \(folder.parent)")
        try folder.setMode(0o1777, folder.parent)
        #expect(folder.refusal() == nil)
    }

    @Test("a directory above is found by its bytes, whatever letters follow the slash")
    func openParentOfCombiningMark() throws {
        let folder = try KeyFolder(named: "\u{301}keys")
        #expect(folder.refusal() == nil)
        try folder.setMode(0o777, folder.parent)
        #expect(folder.refusal()?.file == folder.parent)
    }

    @Test("a path through a link is judged by where it leads")
    func linkedDirectory() throws {
        let link = folder.parent + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.path)
        let directory = KeyDirectory(path: link, user: ThisProcess.userID)
        #expect(try directory.load(ring: "default", algorithm: .hs512, keks: .none).0.keys.count == 1)
        try folder.setMode(0o777, folder.parent)
        #expect(throws: KeyError.self) { try directory.load(ring: "default", algorithm: .hs512, keks: .none) }
    }

    @Test("what the daemon's user may not read is refused", .enabled(if: !Tester.isRoot, "root reads everything"))
    func unreadable() throws {
        try folder.setMode(0o200, file)
        #expect(folder.refusal()?.file == file)
        #expect(folder.refusal()?.problem == "cannot be read: Permission denied")
        try folder.setMode(0o300, folder.path)
        #expect(folder.refusal()?.file == folder.path)
        #expect(folder.refusal()?.fix == "give it to the daemon's user")
    }

    @Test("one bad file refuses all: a ring is never half loaded")
    func allOrNothing() throws {
        try folder.writeKey("z.jwk", kid: "z", byte: 2)
        #expect(try folder.kids().count == 2)
        try folder.setMode(0o644, file)
        #expect(folder.refusal() != nil)
    }
}
