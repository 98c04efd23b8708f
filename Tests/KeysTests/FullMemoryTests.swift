import Foundation
import JOSE
import Keys
import OpenSSL
import POSIX
import StrictJSON
import Testing

/// Good keys that the locked memory has no room for: each is refused for that, never as a broken one, and each that is
/// admitted is whole. From no room at all on, a little more each time, each in a process of its own.
@Suite("With the locked memory full", .enabled(if: LockedMemory.isThere, "a sanitizer has the heap"))
struct FullMemoryTests {
    private static let lack = "does not fit the locked memory"

    /// Calls `attempt` with ever more room until it names no problem, and holds each problem to `isLack`.
    private static func withEverMoreRoom(
        _ attempt: () -> String?, isLack: (String) -> Bool = { $0 == lack }
    ) throws {
        // What OpenSSL looks up when it first has to do with such a key, it keeps for good.
        #expect(attempt() == nil)
        var memory = FullMemory()
        var refusals = 0
        while let problem = attempt() {
            #expect(isLack(problem), "\(problem)")
            refusals += 1
            guard try memory.giveBack() else {
                Issue.record("refused with all of the memory: \(problem)")
                return
            }
        }
        #expect(refusals > 0)
    }

    private static func problem(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch { return (error as? KeyError)?.problem ?? "\(error)" }
    }

    private static func load(_ path: String, _ algorithm: Algorithm) throws(KeyError) -> Keyring {
        let user = ThisProcess.userID
        return try KeyDirectory(path: path, user: user).load(
            ring: "default", algorithm: algorithm, keks: KeyEncryptionKeys.read([], user: user)
        ).0
    }

    static let kinds: [(String, [String])] = [
        ("RS256", ["-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:2048"]),
        ("ES256", ["-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]),
        ("ES512", ["-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"]), ("EdDSA", ["-algorithm", "ed25519"]),
        ("Ed448", ["-algorithm", "ed448"]),
    ]

    @Test("a key of a daemon, in PEM, is refused for that, and published once it is admitted", arguments: kinds)
    func loading(_ algorithm: String, _ options: [String]) async throws {
        let folder = try KeyFolder()
        try folder.write("key.pem", try OpenSSLTool.pem(options))
        await #expect(processExitsWith: .success) { [path = folder.path as String, algorithm = algorithm as String] in
            try LockedMemory.open()
            let algorithm = try #require(Algorithm(rawValue: algorithm))
            try Self.withEverMoreRoom {
                Self.problem {
                    let key = try #require(try Self.load(path, algorithm).keys.first)
                    #expect(key.publicJWK != nil && key.kid == key.material.thumbprint)
                }
            }
        }
    }

    @Test("a JWK, alone or in a set, is refused for that", arguments: ["key.jwk", "keys.jwks"])
    func loadingJWK(_ name: String) async throws {
        let folder = try KeyFolder()
        let jwk = KeyFolder.jwk(kid: "k")
        try folder.write(name, name == "key.jwk" ? jwk : "{\"keys\":[\(jwk)]}")
        await #expect(processExitsWith: .success) { [path = folder.path as String] in
            try LockedMemory.open()
            try Self.withEverMoreRoom {
                Self.problem {
                    let keys = try Self.load(path, .hs512).keys
                    #expect(keys.map(\.kid) == ["k"])
                }
            }
        }
    }

    @Test("a file to import is refused for that, with its passphrase too", arguments: [false, true])
    func importing(_ isSealed: Bool) async throws {
        let folder = try KeyFolder()
        var file = try folder.write("plain.pem", try OpenSSLTool.pem(["-algorithm", "ed25519"]))
        var passphrase: String?
        if isSealed {
            let (plain, words) = (file, try folder.write("words", "horse battery"))
            (file, passphrase) = (folder.file("sealed.pem"), words)
            _ = try OpenSSLTool.run("pkcs8", "-topk8", "-in", plain, "-passout", "file:" + words, "-out", file)
        }
        await #expect(processExitsWith: .success) { [file = file as String, passphrase = passphrase as String?] in
            try LockedMemory.open()
            try Self.withEverMoreRoom {
                Self.problem { _ = try KeyImport(file: file, passphraseFile: passphrase).thumbprint() }
            } isLack: {
                $0 == Self.lack || (passphrase != nil && $0 == "does not open within the locked memory")
            }
        }
    }

    @Test("a key that is sealed with scrypt is refused for the memory that it takes, not for its passphrase")
    func scrypt() throws {
        let folder = try KeyFolder()
        let plain = try folder.write("plain.pem", try OpenSSLTool.pem(["-algorithm", "ed25519"]))
        let words = try folder.write("words", "horse battery")
        let sealed = folder.file("sealed.pem")
        _ = try OpenSSLTool.run(
            "pkcs8", "-topk8", "-scrypt", "-in", plain, "-passout", "file:" + words, "-out", sealed)
        let error = try #require(
            #expect(throws: KeyError.self) { try KeyImport(file: sealed, passphraseFile: words).thumbprint() })
        #expect(error.file == sealed && error.problem == "does not open within the locked memory")
        #expect(error.fix.contains("`openssl pkcs8 -topk8 -in \(sealed)`"))
    }
}
