import Foundation
import Keys
import POSIX
import StrictJSON
import Testing

@Suite("Files of KEKs") struct KEKTests {
    private let folder: KEKFolder
    private static let k = String(repeating: "A", count: 42) + "E"
    private static let jwk = #"{"kty":"oct","alg":"A256GCM","kid":"kek-1","k":"\#(k)"}"#

    init() throws { folder = try KEKFolder() }

    private func failure(_ files: String..., user: UInt32 = ThisProcess.userID) -> KeyError? {
        KeyEncryptionKeys.read(files, user: user).failures.first
    }

    @Test("SEAL-3 a new KEK is a JWK for A256GCM of 32 random bytes, its owner's alone")
    func new() throws {
        let kid = try KEKCreation(file: folder.path("kek")).createKey()
        #expect(kid.bytes.count == 16)
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path("kek"))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let data = try Data(contentsOf: URL(filePath: folder.path("kek")))
        let jwk = try #require(try JSONSerialization.jsonObject(with: data) as? [String: String])
        #expect(Set(jwk.keys) == ["kty", "alg", "kid", "k"])
        #expect(jwk["kty"] == "oct" && jwk["alg"] == "A256GCM" && jwk["kid"] == kid.text)
        #expect(jwk["k"]?.utf8.count == 43)
        #expect(failure(folder.path("kek")) == nil)
        try folder.makeKEK("other")
        #expect(try Data(contentsOf: URL(filePath: folder.path("other"))) != data)
    }

    @Test("a KEK is never overwritten, and its name and kid must be some")
    func refusedNew() throws {
        let kek = try folder.makeKEK()
        let before = try Data(contentsOf: URL(filePath: kek))
        let existing = KeyError(
            kek, "exists already", fix: "choose another name: a KEK is never overwritten")
        #expect(throws: existing) { try KEKCreation(file: kek).createKey() }
        let link = folder.path("link")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.path("nothing"))
        #expect(throws: KeyError.self) { try KEKCreation(file: link).createKey() }
        #expect(try Data(contentsOf: URL(filePath: kek)) == before)
        for name in ["", ".", ".."] {
            #expect(throws: KeyError.self) { try KEKCreation(file: folder.path(name)).createKey() }
        }
        #expect(throws: KeyError.self) { try KEKCreation(file: folder.path("a")).createKey(kid: "") }
        let long = ByteString(String(repeating: "k", count: 1_025))
        #expect(throws: KeyError.self) { try KEKCreation(file: folder.path("a")).createKey(kid: long) }
        #expect(throws: KeyError.self) { try KEKCreation(file: folder.path("none/kek")).createKey() }
        #expect(!FileManager.default.fileExists(atPath: folder.path("a")))
    }

    @Test("SEAL-3 a KEK has exactly 32 bytes", arguments: [(42, 31), (44, 33), (22, 16)])
    func length(_ characters: Int, _ bytes: Int) throws {
        let file = try folder.write("kek", Self.jwk.replacing(Self.k, with: String(repeating: "A", count: characters)))
        let error = try #require(failure(file))
        #expect(error.file == file)
        #expect(error.problem == "as a KEK: \"k\" is \(bytes) bytes long where A256GCM takes 32")
        #expect(error.fix.contains("signet key new-kek"))
        #expect(failure(try folder.write("kek", Self.jwk)) == nil)
    }

    @Test("SEAL-3 a key for signatures, and a KEK without kid, are refused")
    func otherKeys() throws {
        let signing = try folder.write("a", KeyFolder.jwk(kid: "k", count: 32, more: #""alg":"HS256","#))
        #expect(failure(signing)?.problem.hasPrefix("as a KEK: \"alg\" must be \"A256GCM\"") == true)
        let nameless = try folder.write("b", Self.jwk.replacing(#""kid":"kek-1","#, with: ""))
        #expect(failure(nameless)?.problem == "as a KEK: has no \"kid\"")
    }

    @Test(
        "SEAL-3 a KEK is admitted as key files are: its mode",
        arguments: [
            (0o644, "everyone can read the KEK file"), (0o602, "everyone can write the KEK file"),
            (0o620, "its group can write the KEK file"),
        ])
    func mode(_ mode: Int, _ problem: String) throws {
        let kek = try folder.makeKEK()
        try folder.keys.setMode(mode, kek)
        let error = try #require(failure(kek))
        #expect(error.file == kek)
        #expect(error.problem == problem)
        try folder.keys.setMode(0o400, kek)
        #expect(failure(kek) == nil)
    }

    @Test("SEAL-3 a KEK is admitted as key files are: no link, no other kind of file, no open directory")
    func kind() throws {
        let kek = try folder.makeKEK()
        let link = folder.path("link")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: kek)
        #expect(failure(link)?.problem == "is a symbolic link")
        #expect(failure(folder.keys.path)?.problem == "is no regular file")
        #expect(failure(folder.path("none"))?.problem == "does not exist")
        #expect(failure(folder.path("none"))?.fix.contains("signet key new-kek") == true)
        #expect(failure(folder.path("none/kek"))?.problem == "does not exist")
        #expect(failure(try folder.write("empty", ""))?.problem == "is empty")
        try folder.keys.setMode(0o777, folder.path(""))
        #expect(failure(kek)?.problem == "the KEK directory can be written by everyone")
    }

    @Test(
        "SEAL-3 a KEK is admitted as key files are: its owner",
        .enabled(if: Tester.isRoot, "only root gives files away"))
    func owner() throws {
        let kek = try folder.makeKEK()
        #expect(failure(kek, user: 4_711) == nil)
        try folder.keys.setOwner(4_712, group: 4_712, kek)
        #expect(failure(kek, user: 4_712) == nil)
        #expect(failure(kek, user: 4_711)?.problem == "the KEK file belongs to uid 4712, not to root or uid 4711")
    }

    @Test("two KEKs of one kid: the first counts, the other is an error")
    func twins() throws {
        let (first, second) = (try folder.write("a", Self.jwk), try folder.write("b", Self.jwk))
        let error = try #require(failure(first, second))
        #expect(error.file == second)
        #expect(error.problem == "its kid \"kek-1\" is that of another KEK, \(first)")
    }

    @Test("no error of a KEK tells a byte of it")
    func silence() throws {
        let secret = String(repeating: "QUJD", count: 20)
        for text in [
            Self.jwk.replacing(Self.k, with: secret), Self.jwk.replacing("A256GCM", with: secret),
            Self.jwk.replacing("oct", with: secret), Self.jwk.replacing("\"kty\"", with: "\"\(secret)\""),
            Self.jwk + secret,
        ] {
            let error = try #require(failure(try folder.write("kek", text)))
            #expect(!error.description.contains("QUJD"), "\(error)")
        }
    }
}
