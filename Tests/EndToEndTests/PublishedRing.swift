import Foundation
import Testing

/// A keyring `web` for ES256 that keeps its public keys in a file, with a profile of the same name.
struct PublishedRing {
    var issuer = "https://id.example.com"
    /// More settings of its tables.
    var keyring = ""
    var profile = ""

    var settings: String {
        """
        [server]
        socket = "signet.sock"

        [keyring.web]
        algorithm = "ES256"
        publish = "public/jwks.json"
        \(keyring)

        [profile.web]
        issuer = "\(issuer)"
        audiences = ["https://api.example.com"]
        \(profile)

        [[profile.web.allow]]
        operations = ["sign", "verify"]
        users = ["\(NSUserName())"]
        """
    }

    /// Starts a daemon with this ring, and `w1` in it.
    func daemon() throws -> TestDaemon {
        let daemon = try TestDaemon(prepared: settings)
        try FileManager.default.createDirectory(
            at: daemon.directory.appending(path: "public"), withIntermediateDirectories: false)
        try makeKey("w1", in: daemon)
        try daemon.start()
        return daemon
    }

    /// Made in one second, the greater kid is preferred.
    func makeKey(_ kid: String, in daemon: TestDaemon) throws { try daemon.makeKey(in: "web", "ES256", kid: kid) }

    func directory(of daemon: TestDaemon) -> URL { daemon.directory.appending(path: "keys/web") }

    func file(_ daemon: TestDaemon, _ name: String) -> URL { daemon.directory.appending(path: "public/\(name)") }

    /// What verifiers read.
    func published(_ daemon: TestDaemon) throws -> JWKSet {
        try JWKSet(JSONSerialization.jsonObject(with: Data(contentsOf: file(daemon, "jwks.json"))))
    }

    /// When it was written last: seconds since 1970-01-01 UTC.
    func modified(_ daemon: TestDaemon) throws -> Double {
        let attributes = try FileManager.default.attributesOfItem(atPath: file(daemon, "jwks.json").path)
        return try #require(attributes[.modificationDate] as? Date).timeIntervalSince1970
    }
}

/// A JWK Set as verifiers read it.
struct JWKSet {
    let keys: [[String: String]]
    var kids: [String] { keys.compactMap { $0["kid"] }.sorted() }

    init(_ json: Any?) throws {
        keys = try #require((json as? [String: Any])?["keys"] as? [[String: String]], "no JWK Set: \(json ?? "")")
    }
}
