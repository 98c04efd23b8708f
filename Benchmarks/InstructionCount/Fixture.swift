import Authorization
import JOSE
import Keys
import OpenSSL
import SigningService
import StrictJSON

/// A service with fixed policy, keys and time.
///
/// HMAC keys are fixed. Pairs are drawn anew each time: what depends on their numbers is counted inside libcrypto, and
/// left out.
struct Fixture {
    static let time: Int64 = 1_800_000_000
    static let caller = Identity(uid: 1_000, gid: 100, supplementaryGroups: [])
    static let stranger = Identity(uid: 2_000, gid: 200, supplementaryGroups: [])

    let worker: Worker
    private var clock: UInt64 = 0
    private(set) var answer: [UInt8] = []

    init() throws {
        try SecretMemory.open()
        let rings = [try Self.ring(.hs512), try Self.ring(.es256)]
        let profiles = [
            Self.profile("default", ring: rings[0]), Self.profile("es256", ring: rings[1]),
            Self.profile(
                "strict", ring: rings[0], rate: 1_000_000,
                fixed: [FixedClaim(name: "role", json: Array(#""user""#.utf8))]),
        ]
        let snapshot = Snapshot(
            keyrings: rings, profiles: profiles, admins: Who(users: NameList(names: [], ids: [0]), groups: nil),
            largestToken: 65_024)
        let service = ServiceState(pid: 42, verifyCache: try VerifyCache(bytes: 8 << 20)) { 7 }
        worker = try Worker(snapshot, service)
    }

    /// Answers one line, a second after the line before by the clock of the rates, so that none is reached.
    mutating func ask(_ line: Span<UInt8>, from identity: Identity) {
        clock += 1_000_000_000
        answer.removeAll(keepingCapacity: true)
        _ = worker.answer(
            line, from: identity, at: Moment(unixSeconds: Self.time, monotonicNanoseconds: clock), into: &answer)
    }

    /// The token that a `sign` line brings.
    mutating func token(_ line: String) throws -> String {
        ask(Array(line.utf8).span, from: Self.caller)
        let text = String(decoding: answer, as: UTF8.self)
        guard let token = text.firstMatch(of: /"token":"([^"]+)"/) else { throw Failure("no token: \(text)") }
        return String(token.1)
    }

    private static func ring(_ algorithm: Algorithm) throws -> Keyring {
        let material: KeyMaterial
        if let kind = algorithm.newKeyPair {
            material = try KeyMaterial(try KeyPair.generate(kind), algorithm)
        } else {
            var octets = try SecretBytes(count: 64)
            octets.withMutableSpan { bytes in for index in 0..<64 { bytes[index] = UInt8(index) } }
            material = try KeyMaterial(octets: octets, algorithm)
        }
        let name = ByteString(algorithm.name)
        let key = Key(kid: name, material: material, times: KeyTimes(), file: "memory")
        return Keyring(name: name, algorithm: algorithm, keys: [key])
    }

    private static func profile(
        _ name: ByteString, ring: Keyring, rate: Int64? = nil, fixed: [FixedClaim] = []
    ) -> Profile {
        let audience: ByteString = "https://api.example.com"
        let entry = AllowEntry(
            number: 1, source: "signetd.toml:1", who: Who(users: NameList(names: ["web"], ids: [1_000]), groups: nil),
            permissions: [.sign, .verify], audiences: [audience], allowedClaims: .all, maximumTTL: 86_400, rate: rate)
        return Profile(
            name: name, keyring: ring.name,
            validation: ClaimsValidation(issuer: "https://auth.example.com", requiredClaims: [], leeway: 30),
            audiences: [audience], ttl: 900, maximumTTL: 604_800, backdate: 0, type: TokenType("JWT"),
            fixedClaims: fixed, allow: [entry])
    }
}

struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
