import Foundation
import JOSE
import Keys
import OpenSSL
import POSIX
import StrictJSON

/// A directory of keys for one test, removed with it.
final class KeyFolder {
    /// What stands around the key directory, to be opened and closed without harm.
    let parent: String
    let path: String

    init(named name: String = "keys") throws {
        try LockedMemory.open()
        let base = try FilePath.real(FileManager.default.temporaryDirectory.path)
        parent = base + "/signet-keys-" + UUID().uuidString
        path = parent + "/" + name
        // Each with its mode before the next: other tests bind sockets, and the umask is strict meanwhile.
        for (directory, mode) in [(parent, 0o755), (path, 0o700)] {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
            try setMode(mode, directory)
        }
    }

    deinit {
        try? setMode(0o700, path)
        try? FileManager.default.removeItem(atPath: parent)
    }

    func file(_ name: String) -> String { path + "/" + name }

    /// Takes the directory for a daemon's state, which the test may have let go of just now. A process that another test
    /// begins has what is open here, the lock too, until it runs its program.
    func state() throws -> StateFile {
        // A bound on hanging, not a measure.
        for _ in 0..<60_000 {
            do throws(StateFile.Fault) { return try StateFile(directory: path) } catch {
                guard case .unusable(let error) = error, error.problem == "is kept by another signetd" else {
                    throw error
                }
                usleep(1_000)
            }
        }
        return try StateFile(directory: path)
    }

    /// Writes a file, readable by its owner alone.
    @discardableResult
    func write(_ name: String, _ contents: String) throws -> String {
        try Data(contents.utf8).write(to: URL(filePath: file(name)))
        try setMode(0o600, file(name))
        return file(name)
    }

    /// Writes a key of that many bytes, each of them `byte`.
    @discardableResult
    func writeKey(
        _ name: String, kid: String, byte: UInt8 = 1, count: Int = 64, more: String = ""
    ) throws -> String {
        try write(name, Self.jwk(kid: kid, byte: byte, count: count, more: more))
    }

    static func jwk(kid: String, byte: UInt8 = 1, count: Int = 64, more: String = "") -> String {
        var k: [UInt8] = []
        Base64URL.append([UInt8](repeating: byte, count: count).span, to: &k)
        return "{\"kty\":\"oct\",\"kid\":\"\(kid)\",\(more)\"k\":\"\(String(decoding: k, as: UTF8.self))\"}"
    }

    func setMode(_ mode: Int, _ path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    func setOwner(_ owner: Int, group: Int, _ path: String) throws {
        try FileManager.default.setAttributes(
            [.ownerAccountID: owner, .groupOwnerAccountID: group], ofItemAtPath: path)
    }

    /// Everything in the directory, hidden files too.
    var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }

    func load(
        _ algorithm: Algorithm = .hs512, user: UInt32 = ThisProcess.userID, ring: ByteString = "default",
        keks: [String] = []
    ) throws(KeyError) -> (Keyring, warnings: [String]) {
        try KeyDirectory(path: path, user: user).load(
            ring: ring, algorithm: algorithm, keks: KeyEncryptionKeys.read(keks, user: user))
    }

    /// The directory as commands are told of it.
    func place(ring: ByteString = "default", keks: [String] = []) -> RingDirectory {
        RingDirectory(path: path, ring: ring, kekFiles: keks)
    }

    /// The kids of the ring, preferred first.
    func kids(_ algorithm: Algorithm = .hs512) throws(KeyError) -> [ByteString] {
        try load(algorithm).0.keys.map(\.kid)
    }

    /// Why the directory is refused; nil when it is admitted.
    func refusal(
        _ algorithm: Algorithm = .hs512, user: UInt32 = ThisProcess.userID, ring: ByteString = "default",
        keks: [String] = []
    ) -> KeyError? {
        do throws(KeyError) {
            _ = try load(algorithm, user: user, ring: ring, keks: keks)
            return nil
        } catch { return error }
    }
}

extension Key {
    /// The signature of a signing input.
    func sign(_ input: String) throws -> [UInt8] {
        var output = Array(input.utf8)
        try material.makeContext().appendSignature(to: &output, from: 0)
        return Array(output.dropFirst(input.utf8.count + 1))
    }

    /// Whether these characters are one.
    func verifies(_ signature: [UInt8], _ input: String) throws -> Bool {
        guard let bytes = Base64URL.decode(signature.span) else { return false }
        return try material.makeContext().verify(bytes.span, of: Array(input.utf8).span)
    }
}

/// Who runs the tests.
enum Tester {
    static let isRoot = ThisProcess.userID == 0
    /// A group of the system's database that lists members.
    static let groupWithMembers: Int? = {
        let lines = (try? String(contentsOfFile: "/etc/group", encoding: .utf8))?.split(separator: "\n") ?? []
        let fields = lines.map { $0.split(separator: ":", omittingEmptySubsequences: false) }
        return fields.first { $0.count == 4 && !$0[3].isEmpty }.flatMap { Int($0[2]) }
    }()
}
