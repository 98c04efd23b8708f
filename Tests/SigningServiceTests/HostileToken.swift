import JOSE
import Keys
import StrictJSON
import Testing

/// A token that a test makes itself, signed with the service's own key: it breaks what the test says and nothing else.
struct HostileToken {
    var header = "{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"JWT\"}"
    var payload = HostileToken.claims()

    /// The claims of a token that verifies, some of them replaced (nil: left out), others added behind.
    static func claims(_ changes: [(name: String, json: String?)] = []) -> String {
        var members: [(name: String, json: String?)] = [
            ("iss", "\"https://issuer.example\""), ("aud", "\"https://api.example\""), ("iat", "\(noon)"),
            ("nbf", "\(noon)"), ("exp", "\(noon + 900)"),
        ]
        for change in changes {
            if let place = members.firstIndex(where: { $0.name == change.name }) {
                members[place] = change
            } else {
                members.append(change)
            }
        }
        let texts = members.compactMap { name, json in json.map { "\"\(name)\":\($0)" } }
        return "{" + texts.joined(separator: ",") + "}"
    }

    func signed(by key: Key) throws -> String {
        try signature(over: base64URL(header) + "." + base64URL(payload), by: key)
    }
}

/// Appends the signature to what it covers.
func signature(over input: String, by key: Key) throws -> String {
    var token = Array(input.utf8)
    try key.material.makeContext().appendSignature(to: &token, from: 0)
    return String(decoding: token, as: UTF8.self)
}

func base64URL(_ text: String) -> String {
    var encoded: [UInt8] = []
    Base64URL.append(Array(text.utf8).span, to: &encoded)
    return String(decoding: encoded, as: UTF8.self)
}

/// The three segments of a token.
func segments(_ token: String) throws -> [String] {
    let segments = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    try #require(segments.count == 3)
    return segments
}

/// A segment of a token, decoded.
func decoded(_ segment: String) throws -> ByteString {
    let bytes = Base64URL.decode(Array(segment.utf8).span)
    return ByteString(try #require(bytes, "\(segment) is no base64url"))
}

/// The claims of a token, which was not verified.
func claims(_ token: String) throws -> JSONObject { try JSONObject(decoded(try segments(token)[1]).bytes) }

/// A source of numbers that is the same in every run (SplitMix64), so that a failure can be repeated.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
