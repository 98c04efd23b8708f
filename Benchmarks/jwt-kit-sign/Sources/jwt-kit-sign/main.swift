import Foundation
import JWTKit

// Signatures a second of jwt-kit with HS512, in one thread of this process; the claims are those of `bench`.
//
//     jwt-kit-sign SECONDS

struct Claims: JWTPayload {
    var sub = "user-1001"
    var email = "ada@example.com"
    var given_name = "Ada"
    var roles = ["admin", "user"]
    var iss = "https://auth.example.com"
    var aud = "https://api.example.com"
    var iat: Int
    var nbf: Int
    var exp: Int
    var jti: String

    func verify(using algorithm: some JWTAlgorithm) async throws {}
}

guard CommandLine.arguments.count == 2, let seconds = Double(CommandLine.arguments[1]) else {
    print("usage: jwt-kit-sign SECONDS")
    exit(64)
}
let keys = await JWTKeyCollection().add(
    hmac: HMACKey(from: String(repeating: "k", count: 64)), digestAlgorithm: .sha512, kid: "first")
let began = ContinuousClock.now
let end = began + .seconds(seconds)
var count = 0
while ContinuousClock.now < end {
    for _ in 0..<100 {
        let now = Int(Date().timeIntervalSince1970)
        let claims = Claims(iat: now, nbf: now, exp: now + 900, jti: UUID().uuidString)
        _ = try await keys.sign(claims, kid: "first")
    }
    count += 100
}
print(Int(Double(count) / (began.duration(to: .now) / .seconds(1))))
