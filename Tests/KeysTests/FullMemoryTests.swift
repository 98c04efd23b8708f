import Foundation
import JOSE
import Keys
import OpenSSL
import POSIX
import StrictJSON
import Testing

/// Good keys that the locked memory has no room for: each is refused for that, never as a broken one, and each that is
/// admitted is whole. From no room at all on, a little more each time, each in a process of its own.
@Suite("With the locked memory full", .enabled(if: LockedMemory.isThere, "there is no locked memory to fill"))
struct FullMemoryTests {
    private static let lack = "does not fit the locked memory"
    private static let lackInside = "does not open within the locked memory"
    private static var user: UInt32 { ThisProcess.userID }

    /// Calls `attempt` with ever more room until it has what it had with all of the memory.
    ///
    /// - Returns: The problems that it named on the way.
    private static func withEverMoreRoom<Outcome: Equatable>(_ attempt: () throws -> Outcome) throws -> Set<String> {
        // What OpenSSL looks up when it first has to do with such a key, it keeps for good.
        let whole = try attempt()
        var problems: Set<String> = []
        for order in FullMemory.Order.allCases {
            var memory = FullMemory(givingBack: order)
            var outcome = Result(catching: attempt)
            while case .failure(let error) = outcome {
                problems.insert((error as? KeyError)?.problem ?? "\(error)")
                try #require(try memory.giveBack(), "refused with all of the memory: \(problems)")
                outcome = Result(catching: attempt)
            }
            #expect(try outcome.get() == whole)
        }
        return problems
    }

    /// What a load makes of a ring's directory.
    private struct Loaded: Equatable {
        let kids: [ByteString]
        let canSign: [Bool]
        let published: [[UInt8]?]

        init(_ path: String, _ algorithm: Algorithm, keks: [String] = []) throws {
            let keks = KeyEncryptionKeys.read(keks, user: user)
            if let failure = keks.failures.first { throw failure }
            let (ring, _) = try KeyDirectory(path: path, user: user).load(
                ring: "default", algorithm: algorithm, keks: keks)
            kids = ring.keys.map(\.kid)
            canSign = ring.keys.map(\.canSign)
            published = ring.keys.map(\.publicJWK)
        }
    }

    static let kinds: [(String, [String])] = [
        ("RS256", ["-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:2048"]),
        ("ES256", ["-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]),
        ("ES512", ["-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"]), ("EdDSA", ["-algorithm", "ed25519"]),
        ("Ed448", ["-algorithm", "ed448"]),
    ]

    @Test("a key in PEM is refused for that", arguments: kinds)
    func loading(_ algorithm: String, _ options: [String]) async throws {
        let folder = try KeyFolder()
        try folder.write("key.pem", try OpenSSLTool.pem(options))
        await #expect(processExitsWith: .success) { [path = folder.path as String, algorithm = algorithm as String] in
            try LockedMemory.open()
            let algorithm = try #require(Algorithm(rawValue: algorithm))
            let problems = try Self.withEverMoreRoom { try Loaded(path, algorithm) }
            #expect(problems == [Self.lack])
        }
    }

    @Test("a JWK, alone or in a set, is refused for that", arguments: ["key.jwk", "keys.jwks"])
    func loadingJWK(_ name: String) async throws {
        let folder = try KeyFolder()
        let jwk = KeyFolder.jwk(kid: "k")
        try folder.write(name, name == "key.jwk" ? jwk : "{\"keys\":[\(jwk)]}")
        await #expect(processExitsWith: .success) { [path = folder.path as String] in
            try LockedMemory.open()
            let problems = try Self.withEverMoreRoom { try Loaded(path, .hs512) }
            #expect(problems == [Self.lack])
        }
    }

    @Test("a sealed key, or the KEK that opens it, is refused for that")
    func loadingSealed() async throws {
        let folder = try KEKFolder()
        let kek = try folder.makeKEK()
        try folder.sealKey("k", under: kek)
        await #expect(processExitsWith: .success) { [path = folder.keys.path as String, kek = kek as String] in
            try LockedMemory.open()
            let problems = try Self.withEverMoreRoom { try Loaded(path, .hs512, keks: [kek]) }
            #expect(problems == [Self.lack])
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
            let problems = try Self.withEverMoreRoom {
                try KeyImport(file: file, passphraseFile: passphrase).thumbprint()
            }
            #expect(problems == (passphrase == nil ? [Self.lack] : [Self.lack, Self.lackInside]))
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
        #expect(error.file == sealed && error.problem == Self.lackInside)
        #expect(error.fix.hasPrefix("if it is sealed with scrypt, seal it anew: `openssl pkcs8 -topk8 -in \(sealed)`"))
    }
}
