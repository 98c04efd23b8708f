import Authorization
import JOSE
import Keys
import SigningService
import StrictJSON
import Testing

/// A service for one algorithm, and tokens that are made to fool it: sound but for what a test says.
struct HostileMatrix {
    let algorithm: Algorithm
    /// `k1`, the key of the ring `main`.
    let own: Key
    /// The key of another ring of the same service.
    let theirs: Key
    /// A key that the service does not have, under the kid of its own.
    let stranger: Key
    private let worker: Worker

    init(_ algorithm: Algorithm) throws {
        self.algorithm = algorithm
        own = try key("k1", algorithm)
        theirs = try key("theirs", algorithm, seed: 2)
        stranger = try key("k1", algorithm, seed: 3)
        worker = try SigningServiceTests.worker(
            [profile(required: ["sub"]), profile("access", type: "at+jwt"), profile("other", keyring: "second")],
            keys: [own, key("k2", algorithm, seed: 4)],
            rings: [Keyring(name: "second", algorithm: algorithm, keys: [theirs])])
    }

    /// A member of a JSON object, its value as raw JSON; nil leaves it out.
    typealias Change = (name: String, json: String?)

    /// The header of a sound token, some members replaced, others added.
    func header(_ changes: Change...) -> String {
        var members: [Change] = [("alg", "\"\(algorithm.name)\""), ("kid", "\"k1\""), ("typ", "\"JWT\"")]
        for change in changes {
            if let place = members.firstIndex(where: { $0.name == change.name }) {
                members[place] = change
            } else {
                members.append(change)
            }
        }
        return "{" + members.compactMap { name, json in json.map { "\"\(name)\":\($0)" } }.joined(separator: ",") + "}"
    }

    /// A signed token; sound where nothing is changed.
    func token(_ header: String? = nil, _ changes: [Change] = [], by signer: Key? = nil) throws -> String {
        let payload = HostileToken.claims([("sub", "\"u\"")] + changes)
        return try HostileToken(header: header ?? self.header(), payload: payload).signed(by: signer ?? own)
    }

    /// What the daemon signs.
    func signed(_ claims: String = "{\"sub\":\"u\"}", profile: String = "default") throws -> String {
        try worker.answer("{\"op\":\"sign\",\"profile\":\"\(profile)\",\"claims\":\(claims)}").string("token")
    }

    /// What `verify` says of a token: "ok", or the reason.
    func outcome(_ token: String, profile: String = "default") throws -> String {
        var line = Array("{\"op\":\"verify\",\"profile\":\"\(profile)\",\"token\":".utf8)
        line.appendJSONString(token)
        return try worker.answer(line + [UInt8(ascii: "}")]).outcome
    }

    /// The claims that `verify` gives back.
    func verifiedClaims(_ token: String) throws -> ByteString? { try worker.verify(token).raw("claims") }

    func expect(_ outcome: String, _ token: String, _ what: String, at location: SourceLocation = #_sourceLocation)
        throws
    {
        let found = try self.outcome(token)
        #expect(found == outcome, "\(algorithm.name): \(what)", sourceLocation: location)
    }
}

func base64URL(_ bytes: [UInt8]) -> String {
    var encoded: [UInt8] = []
    Base64URL.append(bytes.span, to: &encoded)
    return String(decoding: encoded, as: UTF8.self)
}
