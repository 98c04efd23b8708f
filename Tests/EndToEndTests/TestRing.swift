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
        let directory = directory(of: ring)
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        switch ring.source {
        case .signet(let algorithm):
            let arguments = ["key", "new", "--algorithm", algorithm, directory.path]
            let made = try Program.run(Self.product("signet"), arguments)
            try #require(made.status == 0, "\(made.errors)")
        case .genpkey(let arguments):
            let made = try Program.run("openssl", ["genpkey"] + arguments)
            try #require(made.status == 0, "\(made.errors)")
            let file = directory.appending(path: "key.pem").path
            let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
            let isWritten = FileManager.default.createFile(
                atPath: file, contents: Data(made.output.utf8), attributes: attributes)
            try #require(isWritten)
        }
    }
}
