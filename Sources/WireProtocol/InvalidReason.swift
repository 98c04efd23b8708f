/// Why a token does not verify: the `reason` of an answer with `valid` false.
package enum InvalidReason: String, CaseIterable, Error, Sendable {
    case malformed
    case unknownKey = "unknown_key"
    case wrongAlgorithm = "wrong_algorithm"
    case badSignature = "bad_signature"
    case expired
    case notYetValid = "not_yet_valid"
    case wrongIssuer = "wrong_issuer"
    case wrongAudience = "wrong_audience"
    case wrongType = "wrong_type"
    case missingClaim = "missing_claim"
    case revoked
}
