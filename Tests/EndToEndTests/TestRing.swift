import Foundation
import Testing

/// A keyring of a test's daemon, and the profile of the same name.
struct TestRing: Sendable, CustomTestStringConvertible {
    let name: String
    let algorithm: String
    let source: Source

    /// What makes its one key.
    enum Source: Sendable {
        /// `signet key new --algorithm`.
        case signet(String)
        /// `openssl genpkey` with these arguments, which writes PKCS#8 as PEM.
        case genpkey([String])
    }

    init(_ algorithm: String, _ source: Source? = nil, name: String? = nil) {
        self.name = name ?? algorithm.lowercased()
        self.algorithm = algorithm
        self.source = source ?? .signet(algorithm)
    }

    var testDescription: String { name }
    var isHMAC: Bool { algorithm.hasPrefix("HS") }

    /// Each algorithm there is; "EdDSA" with either of its curves.
    static let everyAlgorithm: [TestRing] =
        [
            "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
            "EdDSA", "Ed25519", "Ed448",
        ].map { TestRing($0) } + [TestRing("EdDSA", .signet("Ed448"), name: "eddsa-ed448")]

    /// Each kind of key, as `signet key new` makes it and as PEM of OpenSSL; with a form, by its name in secret_forms.py,
    /// that its key has in memory while it is served.
    static let everyKind: [(ring: TestRing, form: String)] = [
        (TestRing("HS256"), "inner state, words swapped"), (TestRing("HS384"), "outer state, words swapped"),
        (TestRing("HS512"), "inner state, words swapped"),
        (TestRing("RS256"), "qi, little-endian"), (TestRing("ES256"), "d, little-endian"),
        (TestRing("ES384"), "d, little-endian"), (TestRing("ES512"), "d, little-endian"),
        (TestRing("Ed25519"), "seed"), (TestRing("Ed448"), "seed"),
        (pem("rsa", "PS256", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"), "qi, little-endian"),
        (pem("p256", "ES256", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"), "d, little-endian"),
        (pem("p384", "ES384", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"), "d, little-endian"),
        (pem("p521", "ES512", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"), "d, little-endian"),
        (pem("ed25519", "EdDSA", "ED25519"), "seed"), (pem("ed448", "EdDSA", "ED448"), "seed"),
    ]

    private static func pem(_ name: String, _ algorithm: String, _ arguments: String...) -> TestRing {
        TestRing(algorithm, .genpkey(["-algorithm"] + arguments), name: "pem-\(name)")
    }

    fileprivate var settings: String {
        """
        [keyring.\(name)]
        algorithm = "\(algorithm)"

        [profile.\(name)]
        keyring = "\(name)"
        issuer = "https://\(name).example.com"
        audiences = ["https://api.example.com"]

        [[profile.\(name).allow]]
        operations = ["sign", "verify"]
        users = ["\(NSUserName())"]

        """
    }
}

extension TestDaemon {
    /// Starts a daemon with these rings and no others.
    convenience init(rings: [TestRing]) throws {
        try self.init(preparedRings: rings)
        try start()
    }

    /// Prepares such a daemon, with a new key for each ring; starts nothing.
    convenience init(preparedRings rings: [TestRing]) throws {
        let server = "[server]\nsocket = \"signet.sock\"\n\n"
        try self.init(prepared: server + rings.map(\.settings).joined(separator: "\n"))
        for ring in rings { try makeKey(of: ring) }
    }

    func directory(of ring: TestRing) -> URL { directory.appending(path: "keys/\(ring.name)") }

    /// The text of the ring's key file.
    func key(of ring: TestRing) throws -> String { try String(contentsOf: file(of: ring), encoding: .utf8) }

    func file(of ring: TestRing) throws -> URL {
        let files = try FileManager.default.contentsOfDirectory(
            at: directory(of: ring), includingPropertiesForKeys: nil)
        try #require(files.count == 1)
        return try #require(files.first)
    }

    private func makeKey(of ring: TestRing) throws {
        try FileManager.default.createDirectory(
            at: directory(of: ring), withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        try addKey(to: ring)
    }

    /// Makes a key of the ring's kind in its directory.
    ///
    /// - Parameter name: Of the file, where it is PEM.
    func addKey(to ring: TestRing, _ name: String = "key.pem") throws {
        let directory = directory(of: ring)
        switch ring.source {
        case .signet(let algorithm):
            let arguments = ["key", "new", "--algorithm", algorithm, directory.path]
            let made = try Program.run(Self.product("signet"), arguments)
            try #require(made.status == 0, "\(made.errors)")
        case .genpkey(let arguments):
            let made = try Program.run("openssl", ["genpkey"] + arguments)
            try #require(made.status == 0, "\(made.errors)")
            let file = directory.appending(path: name).path
            let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
            let isWritten = FileManager.default.createFile(
                atPath: file, contents: Data(made.output.utf8), attributes: attributes)
            try #require(isWritten)
        }
    }
}
