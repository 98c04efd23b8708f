import Foundation
import JOSE
import Keys
import OpenSSL
import POSIX
import StrictJSON
import Testing

/// What is not as it should be where keys stand: each fault is named with its file, and hides no other.
@Suite struct UnreadableFilesTests {
    private static let now: Int64 = 1_800_000_000
    private let folder: KeyFolder

    init() throws { folder = try KeyFolder() }

    /// Longer than a name can be (NAME_MAX).
    private static let longName = String(repeating: "x", count: 300)

    private func error(_ body: () throws -> Void) throws -> KeyError {
        try #require(#expect(throws: KeyError.self) { try body() })
    }

    // Directories.

    @Test("a ring whose directory is a file, or has a name that no system takes, is named by every command")
    func directory() throws {
        for (path, problem) in [
            (try folder.write("file", "x"), "is no directory"),
            (folder.parent + "/" + Self.longName, "cannot be read: "),
        ] {
            let place = RingDirectory(path: path, ring: "web", kekFiles: [])
            let commands: [() throws -> Void] = [
                { _ = try KeyListing(place) }, { _ = try FirstKey(place, .none).makeIfNone(.hs512, now: Self.now) },
                { _ = try KeyCreation(directory: path).createKey(.hs512, now: Self.now) },
            ]
            for command in commands {
                let error = try error(command)
                #expect(error.file == path && error.problem.hasPrefix(problem), "\(error)")
            }
        }
    }

    @Test("a KEK below a file is named")
    func kekBelowFile() throws {
        let path = try folder.write("file", "x") + "/kek"
        let failures = KeyEncryptionKeys.read([path], user: ThisProcess.userID).failures
        #expect(failures.map(\.file) == [path] && failures.map(\.problem) == ["is no directory"])
    }

    @Test("a listing names a directory that others can write and a broken list of revoked kids, and lists the keys")
    func listing() throws {
        try folder.writeKey("a.jwk", kid: "a")
        try folder.write("revoked", "b")
        try folder.setMode(0o777, folder.path)
        let listing = try KeyListing(folder.place())
        #expect(listing.errors.map(\.file) == [folder.path, folder.file("revoked")])
        #expect(listing.keys.map(\.kid) == ["a"])
    }

    @Test("a listing has PEM keys, and names a set that is none and octets that are too few for any algorithm")
    func listedForms() throws {
        try folder.write("key.pem", try OpenSSLTool.pem(["-algorithm", "ed25519"]))
        try folder.write("set.jwks", #"{"keys":1}"#)
        try folder.writeKey("short.jwk", kid: "short", count: 31)
        let listing = try KeyListing(folder.place())
        #expect(listing.keys.map(\.type) == ["Ed25519"])
        #expect(listing.errors.map(\.file) == ["set.jwks", "short.jwk"].map { folder.file($0) })
        #expect(listing.errors[0].problem.hasPrefix("as a JWK Set: "))
        #expect(listing.errors[1].problem == "is too short: 31 bytes where HS256 needs 32")
    }

    // The list of revoked kids.

    @Test("a list of revoked kids that is a link or too large is refused")
    func revocationList() throws {
        try folder.writeKey("a.jwk", kid: "a")
        try folder.write("other", "b\n")
        try FileManager.default.createSymbolicLink(atPath: folder.file("revoked"), withDestinationPath: "other")
        #expect(folder.refusal()?.problem == "is a symbolic link")
        try FileManager.default.removeItem(atPath: folder.file("revoked"))
        try folder.write("revoked", String(repeating: String(repeating: "k", count: 1_023) + "\n", count: 1_024))
        #expect(folder.refusal() == nil)
        let full = try error { _ = try KeyRevocation(folder.place(), .none).revoke("one more") }
        #expect(full.file == folder.file("revoked") && full.problem == "is full: 1048576 bytes")
        try folder.write("revoked", String(repeating: "k\n", count: 1 << 20))
        #expect(folder.refusal()?.problem.hasPrefix("cannot be read: ") == true)
    }

    @Test("prune leaves a revoked key whose kid the list cannot take, and names the list")
    func pruneWithoutList() throws {
        let key = try folder.writeKey("bad.jwk", kid: "bad", more: "\"revoked\":true,")
        try folder.writeKey("over.jwk", kid: "over", byte: 2, more: "\"exp\":5,")
        try folder.write("revoked", String(repeating: String(repeating: "k", count: 1_023) + "\n", count: 1_024))
        let report = try KeyPruning(folder.place(), .none).prune(isRehearsal: false, now: Self.now)
        #expect(report.errors.map(\.file) == [folder.file("revoked")])
        #expect(report.removed.map(\.kid) == ["over"])
        #expect(FileManager.default.fileExists(atPath: key))
    }

    // Keys that people bring along.

    @Test("a file to import that cannot be opened or read is named")
    func importing() throws {
        for path in [folder.parent + "/" + Self.longName, "/proc/self/mem"] {
            let error = try error { _ = try KeyImport(file: path).thumbprint() }
            #expect(error.file == path && error.problem.hasPrefix("cannot be read: "), "\(error)")
        }
        let blank = try folder.write("blank", " \n")
        #expect(try error { _ = try KeyImport(file: blank).thumbprint() }.problem == "holds no key in PEM")
    }

    @Test("a key comes through a pipe as from a file")
    func pipe() throws {
        let pem = try OpenSSLTool.pem(["-algorithm", "ed25519"])
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data(pem.utf8))
        try pipe.fileHandleForWriting.close()
        let file = "/proc/self/fd/\(pipe.fileHandleForReading.fileDescriptor)"
        #expect(try KeyImport(file: file).thumbprint() == KeyImport(file: folder.write("key.pem", pem)).thumbprint())
    }

    @Test("an encrypted key opens with its passphrase, whatever ends its line, and with no other")
    func passphrase() throws {
        let pem = try OpenSSLTool.pem(["-algorithm", "ed25519"])
        let plain = try folder.write("plain.pem", pem)
        let words = try folder.write("words", "horse battery")
        let sealed = folder.file("sealed.pem")
        _ = try OpenSSLTool.run("pkcs8", "-topk8", "-in", plain, "-passout", "file:" + words, "-out", sealed)
        for text in ["horse battery", "horse battery\n", "horse battery\r\n"] {
            let file = try folder.write("passphrase", text)
            #expect(
                try KeyImport(file: sealed, passphraseFile: file).thumbprint() == KeyImport(file: plain).thumbprint())
        }
        let wrong = try folder.write("wrong", "staple")
        let refused = try error { _ = try KeyImport(file: sealed, passphraseFile: wrong).thumbprint() }
        #expect(refused.file == sealed && refused.problem == "does not open with this passphrase")
    }

    @Test("KEY-3 octets are for no algorithm of key pairs")
    func octetsForKeyPair() throws {
        let file = try folder.writeKey("o.jwk", kid: "o")
        let error = try error {
            _ = try KeyImport(file: file).write(to: .directory(folder.path), .es256, kid: nil, now: Self.now)
        }
        #expect(error.problem == "is a key for HS256, HS384, HS512, not for ES256")
    }

    @Test("KEY-2 an RSA key in PEM whose public exponent is beyond 64 bits is refused")
    func exponent() throws {
        try folder.write(
            "key.pem",
            try OpenSSLTool.pem([
                "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt",
                "rsa_keygen_pubexp:36893488147419103233",
            ]))
        #expect(folder.refusal(.rs256)?.problem == "has a public half that is no valid key")
    }

    // Sealing.

    @Test("a leftover that cannot be removed and a JWK too large to be sealed are named; a set is not what a kid means")
    func sealing() throws {
        let keks = try KEKFolder()
        let kek = try keks.makeKEK()
        let leftover = folder.file(".0123456789abcdef.new")
        try FileManager.default.createDirectory(atPath: leftover, withIntermediateDirectories: false)
        let note = "\"note\":\"\(String(repeating: "x", count: 60_000))\","
        let large = try folder.writeKey("large.jwk", kid: "large", more: note)
        try folder.writeKey("small.jwk", kid: "small", byte: 2)
        try folder.write("set.jwks", #"{"keys":[\#(KeyFolder.jwk(kid: "small", byte: 2))]}"#)
        let sealing = KeySealing(folder.place(keks: [kek]))
        let one = try sealing.seal(kid: "small")
        #expect(one.errors.isEmpty && one.changes.map(\.kid) == ["small"])
        let tooLarge = try sealing.seal(kid: "large").errors.first
        #expect(tooLarge?.problem == "would be larger than 65536 bytes when sealed")
        let all = try sealing.seal()
        #expect(Set(all.errors.map(\.file)) == [large, folder.file("set.jwks"), leftover])
        #expect(try folder.names.contains("set.jwks"))
    }

    @Test(
        "what a crash left has a name of its own form, and nothing else has",
        arguments: [
            (".0123456789abcdef.new", true), ("0123456789abcdef.new", false), (".0123456789abcdef", false),
            (".0123456789abcde.new", false), (".0123456789abcdeg.new", false), (".new", false), ("", false),
        ])
    func temporaryName(_ name: String, _ isOne: Bool) { #expect(FilePlacement.isTemporary(name) == isOne) }
}
