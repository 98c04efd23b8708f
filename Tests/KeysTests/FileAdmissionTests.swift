import Foundation
import Glibc
import Keys
import POSIX
import Testing

/// Whose files decide what the daemon does. They may be read by all; each refusal names the file and what to do.
@Suite struct FileAdmissionTests {
    private let folder: KeyFolder
    private let file: String

    init() throws {
        folder = try KeyFolder()
        file = try folder.write("signetd.toml", "")
    }

    private func refusal(of path: String? = nil, user: UInt32 = ThisProcess.userID) throws -> FileRefusal? {
        let path = path ?? file
        let open = try Descriptor.open(path, waits: false)
        do throws(FileRefusal) {
            try FileAdmission(user: user).admit(file: open, path: path, what: "the configuration file")
            return nil
        } catch { return error }
    }

    private func refusalOfDirectory(user: UInt32 = ThisProcess.userID) throws -> FileRefusal? {
        let directory = try Directory(path: folder.path)
        do throws(FileRefusal) {
            try FileAdmission(user: user).admit(directory: directory, what: "the directory")
            return nil
        } catch { return error }
    }

    @Test("a file that others may only read is admitted", arguments: [0o600, 0o644, 0o444, 0o400, 0o755, 0o640])
    func readable(_ mode: Int) throws {
        try folder.setMode(mode, file)
        try folder.setMode(mode | 0o100, folder.path)
        #expect(try refusal() == nil)
        #expect(try refusalOfDirectory() == nil)
    }

    @Test("a file that everyone may write is refused", arguments: [0o666, 0o646, 0o602, 0o777])
    func everyoneWrites(_ mode: Int) throws {
        try folder.setMode(mode, file)
        let error = try #require(try refusal())
        #expect(error.description == "\(file): the configuration file can be written by everyone; chmod go-w \(file)")
        try folder.setMode(mode | 0o1100, folder.path)
        #expect(try refusalOfDirectory()?.problem == "the directory can be written by everyone")
        #expect(try refusalOfDirectory()?.fix == "chmod go-w \(folder.path)")
    }

    @Test("a group without members may write", .enabled(if: Tester.isRoot, "only root gives files away"))
    func groupWithoutMembers() throws {
        for path in [file, folder.path] {
            try folder.setOwner(0, group: 54_321, path)
            try folder.setMode(0o775, path)
        }
        #expect(try refusal() == nil)
        #expect(try refusalOfDirectory() == nil)
    }

    @Test(
        "a group with members may not write",
        .enabled(if: Tester.isRoot, "only root gives files away"),
        .enabled(if: Tester.groupWithMembers != nil, "no group in /etc/group lists members"))
    func groupWithMembers() throws {
        for path in [file, folder.path] {
            try folder.setOwner(0, group: #require(Tester.groupWithMembers), path)
            try folder.setMode(0o775, path)
        }
        #expect(try refusal()?.problem == "the configuration file can be written by a group that has members")
        #expect(try refusal()?.fix == "chmod go-w \(file)")
        #expect(try refusalOfDirectory()?.file == folder.path)
    }

    @Test(
        "a file of root or of the daemon's user is admitted, another's is refused",
        .enabled(if: Tester.isRoot, "only root gives files away"))
    func owners() throws {
        #expect(try refusal(user: 4_711) == nil)
        for path in [file, folder.path] { try folder.setOwner(4_711, group: 0, path) }
        #expect(try refusal(user: 4_711) == nil)
        #expect(try refusalOfDirectory(user: 4_711) == nil)
        #expect(
            try refusal()?.problem == "the configuration file belongs to uid 4711, not to root or uid 0")
        #expect(try refusal()?.fix == "chown 0 \(file)")
        #expect(
            try refusalOfDirectory(user: 4_712)?.problem == "the directory belongs to uid 4711, not to root or uid 4712"
        )
    }

    @Test("what is no regular file is refused, without waiting")
    func noFile() throws {
        let path = folder.file("fifo")
        // Reason: mkfifo(3) reads the path during the call.
        try #require(unsafe mkfifo(path, 0o600) == 0)
        for path in [path, folder.path, "/dev/null"] {
            #expect(try refusal(of: path)?.problem == "is no regular file")
        }
    }
}
