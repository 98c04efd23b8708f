import Foundation
import Testing

/// Another implementation of JOSE, reached through jose_peer.py.
enum JOSEPeer: String, CaseIterable, Sendable {
    case pyJWT = "pyjwt"
    case joserfc
    /// latchset's program.
    case jose

    private static let packages = TestDaemon.packageRoot.appending(path: ".build/python").path
    private static let script = TestDaemon.packageRoot.appending(path: "Tests/EndToEndTests/jose_peer.py").path

    /// Whether it is installed.
    var isReachable: Bool { Self.reachable.contains(self) }
    var advice: Comment { "\(rawValue) is not installed: scripts/install-packages test" }

    private static let reachable: Set<JOSEPeer> = {
        let programs: [(JOSEPeer, URL, [String])] = [
            (.pyJWT, Program.python, ["-c", "import jwt, cryptography"]),
            (.joserfc, Program.python, ["-c", "import sys; sys.path.insert(0, '\(packages)'); import joserfc"]),
            (.jose, URL(filePath: "/usr/bin/env"), ["jose", "alg"]),
        ]
        return Set(programs.filter { (try? Program.run($0.1, $0.2).status) == 0 }.map(\.0))
    }()

    /// What it is asked for.
    struct Request: Encodable {
        let peer: String
        let packages: String
        let algorithm: String
        let keys: KeySet
        let verify: [String]
        let `private`: String
        let sign: Content?
        struct KeySet: Encodable { let keys: [[String: String]] }
        struct Content: Encodable {
            let header: [String: String]
            let payload: String
        }
    }

    struct Answer: Decodable {
        let verified: [Verdict]
        let signed: String?
        struct Verdict: Decodable {
            let header: [String: String]?
            let payload: String?
            let refused: String?
        }
    }

    /// Asks it to verify tokens with `keys`, and to sign with the private JWK of `file`.
    func ask(
        _ algorithm: String, keys: [[String: String]], verify: [String] = [], file: URL,
        sign: Request.Content? = nil
    ) throws -> Answer {
        let request = Request(
            peer: rawValue, packages: Self.packages, algorithm: algorithm, keys: .init(keys: keys), verify: verify,
            private: file.path, sign: sign)
        let input = String(decoding: try JSONEncoder().encode(request), as: UTF8.self)
        let run = try Program.run(Program.python, [Self.script], input: input)
        try #require(run.status == 0, "\(run.errors)")
        return try JSONDecoder().decode(Answer.self, from: Data(run.output.utf8))
    }
}
