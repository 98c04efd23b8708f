import Authorization
import JOSE
import Keys
import OpenSSL
import SigningService
import StrictJSON

/// The moment at which the tests stand, in seconds since 1970-01-01 UTC.
let noon: Int64 = 1_800_000_000

extension Moment {
    static let noon = Moment(unixSeconds: SigningServiceTests.noon, monotonicNanoseconds: 0)
}

let issuer: ByteString = "https://issuer.example"
let api: ByteString = "https://api.example"
let store: ByteString = "https://store.example"

extension Identity {
    /// Has the entry that `entry()` makes.
    static let web = Identity(uid: 1_000, gid: 100, supplementaryGroups: [])
    /// Has no entry.
    static let stranger = Identity(uid: 2_000, gid: 200, supplementaryGroups: [])
    /// Administers, and has no entry.
    static let admin = Identity(uid: 0, gid: 0, supplementaryGroups: [])
    /// Whom the kernel could not tell.
    static let overflow = Identity(uid: 65_534, gid: 65_534, supplementaryGroups: [0, 100])
}

/// Opens the locked arena before OpenSSL is used for anything.
enum Arena {
    /// Not open under sanitizers, where OpenSSL and secrets use the heap.
    static let isOpen: Bool = (try? SecretMemory.open()) != nil
}

/// A key of memory: of HMAC by its seed, else a pair that all tests of this process with that seed share.
func key(
    _ kid: ByteString = "k1", _ algorithm: Algorithm = .hs256, seed: UInt8 = 1, canSign: Bool = true,
    times: KeyTimes = KeyTimes()
) throws -> Key {
    Key(
        kid: kid, material: try TestKeys.material(algorithm, seed: seed), canSign: canSign, times: times,
        file: "memory")
}

/// A key of memory with any material.
func key(_ kid: ByteString, _ material: KeyMaterial) -> Key {
    Key(kid: kid, material: material, times: KeyTimes(), file: "memory")
}

func entry(
    _ number: Int = 1, uids: [UInt32] = [1_000], _ permissions: Set<Permission> = [.sign, .verify],
    audiences: [ByteString] = [api, store], claims: ClaimAllowance = .all, maximumTTL: Int64 = 86_400,
    rate: Int64? = nil
) -> AllowEntry {
    AllowEntry(
        number: number, source: ByteString("signetd.toml:\(number)"),
        who: Who(users: NameList(names: ["web"], ids: uids), groups: nil), permissions: permissions,
        audiences: audiences, allowedClaims: claims, maximumTTL: maximumTTL, rate: rate)
}

func everyone(_ number: Int = 1) -> AllowEntry {
    AllowEntry(
        number: number, source: "signetd.toml:1", who: Who(users: NameList(names: ["*"], ids: []), groups: nil),
        permissions: [.sign, .verify], audiences: [api], allowedClaims: .all, maximumTTL: 86_400)
}

func profile(
    _ name: ByteString = "default", keyring: ByteString = "main", issuer: ByteString = issuer,
    required: [ByteString] = [], leeway: Int64 = 30, ttl: Int64 = 900, maximumTTL: Int64 = 604_800,
    backdate: Int64 = 0, type: ByteString = "JWT", fixed: [FixedClaim] = [],
    allow: [AllowEntry] = [entry()]
) -> Profile {
    Profile(
        name: name, keyring: keyring,
        validation: ClaimsValidation(issuer: issuer, requiredClaims: required, leeway: leeway),
        audiences: [api, store], ttl: ttl, maximumTTL: maximumTTL, backdate: backdate, type: TokenType(type),
        fixedClaims: fixed, allow: allow)
}

/// A worker over keys in memory. Ring `main` unless the test says otherwise.
func worker(
    _ profiles: [Profile] = [profile()], keys: [Key]? = nil, rings: [Keyring] = [], largestToken: Int = 65_024
) throws -> Worker {
    let keys = try keys ?? [key()]
    let main = Keyring(name: "main", algorithm: keys.first?.algorithm ?? .hs256, keys: keys)
    return try Worker(
        Snapshot(
            keyrings: [main] + rings, profiles: profiles,
            admins: Who(users: NameList(names: ["root"], ids: [0]), groups: nil), largestToken: largestToken),
        ServiceState(pid: 42) { 7 })
}

extension Worker {
    /// The answer to one line.
    ///
    /// - Parameter nanoseconds: What the clock of the rates shows.
    func answer(
        _ line: String, from identity: Identity = .web, at now: Int64 = noon, clock nanoseconds: UInt64 = 0
    ) throws -> Answer {
        try answer(Array(line.utf8), from: identity, at: now, clock: nanoseconds)
    }

    func answer(
        _ line: [UInt8], from identity: Identity = .web, at now: Int64 = noon, clock nanoseconds: UInt64 = 0
    ) throws -> Answer {
        var output: [UInt8] = []
        let moment = Moment(unixSeconds: now, monotonicNanoseconds: nanoseconds)
        _ = answer(line.span, from: identity, at: moment, into: &output)
        return try Answer(output)
    }

    /// A token with these claims.
    func token(_ claims: String = "{}", at now: Int64 = noon) throws -> String {
        try answer("{\"op\":\"sign\",\"claims\":\(claims)}", at: now).string("token")
    }

    func verify(_ token: String, from identity: Identity = .web, at now: Int64 = noon) throws -> Answer {
        try answer("{\"op\":\"verify\",\"token\":\"\(token)\"}", from: identity, at: now)
    }
}
