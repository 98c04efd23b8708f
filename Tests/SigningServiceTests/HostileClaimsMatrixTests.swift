import JOSE
import SigningService
import StrictJSON
import Testing

/// Each algorithm against each attack on the claims, and what the claims of a sound token come back as.
@Suite struct HostileClaimsMatrixTests {
    private typealias Attack = (claim: String, json: String?, outcome: String)

    private static let attacks: [Attack] = single + dates(of: "nbf") + dates(of: "iat")

    private static let single: [Attack] = [
        // CLM-1: the leeway is 30 s.
        ("exp", "\(noon - 29)", "ok"), ("exp", "\(noon - 30)", "expired"), ("exp", "\(noon - 30).5", "ok"),
        ("exp", "0", "expired"), ("exp", "1.5", "expired"), ("exp", "1.9e9", "ok"), ("exp", nil, "missing_claim"),
        ("exp", "\"1900000000\"", "malformed"), ("exp", "null", "malformed"), ("exp", "true", "malformed"),
        ("exp", "-1", "malformed"), ("exp", "1e400", "malformed"), ("exp", "[1900000000]", "malformed"),
        ("exp", "{}", "malformed"),
        // CLM-3
        ("iss", "\"https:\\/\\/issuer.example\"", "ok"), ("iss", "\"https://issuer.example/\"", "wrong_issuer"),
        ("iss", "\"https://Issuer.example\"", "wrong_issuer"), ("iss", "\"\"", "wrong_issuer"),
        ("iss", "null", "wrong_issuer"), ("iss", "[\"https://issuer.example\"]", "wrong_issuer"),
        ("iss", "\"https://is\u{17F}uer.example\"", "wrong_issuer"), ("iss", nil, "wrong_issuer"),
        // CLM-4
        ("aud", "[\"x\",\"https://store.example\"]", "ok"), ("aud", "[]", "wrong_audience"),
        ("aud", "[1]", "wrong_audience"), ("aud", "{}", "wrong_audience"), ("aud", "null", "wrong_audience"),
        ("aud", "[\"https://api.example\",1]", "wrong_audience"),
        ("aud", "\"https://API.example\"", "wrong_audience"),
        ("aud", "\"https://api.example \"", "wrong_audience"), ("aud", nil, "wrong_audience"),
        // CLM-5
        ("sub", "0", "ok"), ("sub", "null", "missing_claim"), ("sub", nil, "missing_claim"),
        // JSON-1 JSON-2
        ("x\":1,\"x", "1", "malformed"), ("x\":1,\"\\u0078", "1", "malformed"), ("x", "01", "malformed"),
        ("x", "NaN", "malformed"), ("x", "\"\\ud800\"", "malformed"), ("x", "1,", "malformed"),
        ("x", String(repeating: "[", count: 32) + String(repeating: "]", count: 32), "malformed"),
    ]

    /// CLM-2
    private static func dates(of claim: String) -> [Attack] {
        [
            (claim, "\(noon + 30)", "ok"), (claim, "\(noon + 31)", "not_yet_valid"), (claim, nil, "ok"),
            (claim, "1e300", "not_yet_valid"), (claim, "\"1\"", "malformed"), (claim, "null", "malformed"),
            (claim, "-1", "malformed"), (claim, "1e999", "malformed"),
        ]
    }

    @Test("CLM-1 CLM-2 CLM-3 CLM-4 CLM-5 claims decide under every algorithm alike", arguments: Algorithm.allCases)
    func claims(_ algorithm: Algorithm) throws {
        let matrix = try HostileMatrix(algorithm)
        for (claim, json, outcome) in Self.attacks {
            try matrix.expect(outcome, matrix.token(nil, [(claim, json)]), "\(claim): \(json ?? "missing")")
            // The payload is not looked at before the signature holds.
            let forged = try matrix.token(nil, [(claim, json)], by: matrix.stranger)
            try matrix.expect("bad_signature", forged, "forged, \(claim): \(json ?? "missing")")
        }
    }

    @Test(
        "JSON-3 any claims that StrictJSON accepts come back from sign and verify byte for byte",
        arguments: [Algorithm.hs256, .rs256, .ps384, .es256, .es512, .ed25519, .ed448])
    func roundTrip(_ algorithm: Algorithm) throws {
        let matrix = try HostileMatrix(algorithm)
        for seed in 0..<150 as Range<UInt64> {
            var writer = ClaimsWriter(seed: seed)
            let claims = writer.claims()
            _ = try JSONObject(Array(claims.utf8))
            let token = try matrix.signed(claims)
            let payload = try decoded(segments(token)[1])
            try #require(payload.bytes.starts(with: claims.utf8.dropLast()), "seed \(seed): \(claims)")
            try #require(try matrix.verifiedClaims(token) == payload, "seed \(seed): \(claims)")
        }
    }
}

/// Writes claims with all that JSON allows: escapes, numbers of any form, any order, any depth. White space apart, which
/// is dropped.
private struct ClaimsWriter {
    private var random: SeededRandom

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    mutating func claims() -> String {
        let members = (0..<Int.random(in: 0...6, using: &random)).map { ",\"\($0)\(text())\":\(value(depth: 1))" }
        return "{\"sub\":\(value(depth: 29, isNull: false))\(members.joined())}"
    }

    private mutating func value(depth: Int, isNull: Bool = true) -> String {
        switch Int.random(in: 0..<(depth < 29 ? 8 : 6), using: &random) {
        case 0: return isNull ? "null" : "false"
        case 1: return "true"
        case 2, 3: return number()
        case 4, 5: return "\"\(text())\""
        case 6:
            let elements = (0..<Int.random(in: 0...4, using: &random)).map { _ in value(depth: depth + 1) }
            return "[\(elements.joined(separator: ","))]"
        default:
            let members = (0..<Int.random(in: 0...4, using: &random)).map {
                "\"\($0)\(text())\":\(value(depth: depth + 1))"
            }
            return "{\(members.joined(separator: ","))}"
        }
    }

    private mutating func number() -> String {
        let sign = Bool.random(using: &random) ? "-" : ""
        let whole = ["0", "1", "12345678901234567890", "9007199254740993"].randomElement(using: &random) ?? "0"
        let fraction = ["", ".0", ".50", ".000000000000000000001"].randomElement(using: &random) ?? ""
        let exponent = ["", "", "e0", "E+05", "e-400", "E400"].randomElement(using: &random) ?? ""
        return sign + whole + fraction + exponent
    }

    private mutating func text() -> String {
        let pieces = [
            "a", "Z", "9", " ", "é", "e\u{301}", "\u{1F600}", "\u{212A}", "\u{2028}", "\u{7F}", "\\n", "\\/", "/",
            "\\\\",
            "\\\"", "\\u0000", "\\u00e9", "\\uD83D\\uDE00", "\\b", "\u{FEFF}", "\u{FFFF}",
        ]
        return (0..<Int.random(in: 0...6, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
            .joined()
    }
}
