import Foundation
import Testing

/// A daemon's `state.json`, as a person would read it.
struct StateText: Decodable {
    let running: Bool
    private let keyrings: [String: Ring]

    private struct Ring: Decodable { let keys: [String: Key] }

    struct Key: Decodable {
        let published: Int?
        let lastExp: Int?
        let hasSigned: Bool
        let maySign: Bool

        private enum CodingKeys: String, CodingKey {
            case published
            case lastExp = "last_exp"
            case hasSigned = "has_signed"
            case maySign = "may_sign"
        }
    }

    init(of daemon: TestDaemon) throws { try self.init(at: daemon.state) }

    init(at file: URL) throws { self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: file)) }

    func key(_ kid: String, of ring: String = "default") throws -> Key {
        try #require(keyrings[ring]?.keys[kid], "there is no key \(kid)")
    }
}

extension TestDaemon {
    /// Where the state lies with `state_directory = "state"`.
    var state: URL { directory.appending(path: "state/state.json") }
}
