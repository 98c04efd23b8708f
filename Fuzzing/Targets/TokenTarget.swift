internal import Authorization
internal import JOSE
internal import Keys
internal import OpenSSL
internal import SigningService
internal import StrictJSON

/// The whole of `verify`, with a ring and a profile of the same name for every algorithm.
///
/// Input is a compact token; or the JSON of a header and of a payload, a line feed between them, to be signed with the
/// key that the header's kid names, so that what lies behind a good signature is reached; or `sign` and claims.
final class Tokens {
    private static let now: Int64 = 1_800_000_000
    private static let issuer: ByteString = "https://issuer.example"
    private static let audience: ByteString = "https://api.example"
    private static let leeway: Int64 = 30

    private let worker: Worker
    private let contexts: [Algorithm: JWSContext]
    /// Signing inputs of the tokens among the seeds: the only ones whose signatures exist.
    private let genuine: Set<[UInt8]>

    init() throws {
        var contexts: [Algorithm: JWSContext] = [:]
        var (rings, profiles): ([Keyring], [Profile]) = ([], [])
        for algorithm in Algorithm.allCases {
            let jwk = try JWK(secret(Seeds.file("jwk", Self.file(of: algorithm))))
            let material = try jwk.material(for: algorithm)
            contexts[algorithm] = try material.makeContext()
            let name = ByteString(algorithm.name)
            let key = Key(kid: name, material: material, times: KeyTimes(), file: "memory")
            rings.append(Keyring(name: name, algorithm: algorithm, keys: [key]))
            profiles.append(Self.profile(name))
        }
        self.contexts = contexts
        let snapshot = Snapshot(
            keyrings: rings, profiles: profiles, admins: Who(users: NameList(names: [], ids: [0]), groups: nil),
            largestToken: 65_024)
        worker = try Worker(snapshot, ServiceState(pid: 42, verifyCache: try VerifyCache(bytes: 1 << 16)) { 7 })
        genuine = Set(
            try Seeds.of(.token).compactMap { seed in
                CompactJWS(seed.bytes.span).map { Array(seed.bytes[$0.signingInput]) }
            })
    }

    func examine(_ input: [UInt8]) throws -> Bool {
        let sign = Array("sign ".utf8)
        if input.starts(with: sign) {
            return try examineSigning(Array(input.dropFirst(sign.count)))
        } else if input.first == UInt8(ascii: "{") {
            return try examineSigned(input)
        } else {
            var isValid = false
            for algorithm in Algorithm.allCases {
                guard try verify(input, algorithm)["valid"] == Array("true".utf8) else { continue }
                try examineGenuine(input, algorithm)
                isValid = true
            }
            return isValid
        }
    }

    // MARK: A token from anywhere

    /// Rules ALG-1 and SIG-1: valid is only what the key of that algorithm has signed.
    private func examineGenuine(_ token: [UInt8], _ algorithm: Algorithm) throws {
        guard let parts = CompactJWS(token.span) else { throw Finding("valid, and no compact JWS") }
        let input = Array(token[parts.signingInput])
        guard let header = Base64URL.decode(token.span.extracting(parts.header)) else {
            throw Finding("valid, and its header is not canonical base64url")
        }
        let name = try members(of: header, "a valid token's header")["alg"]
        try require(try unescaped(name) == algorithm.name, "valid, and of another algorithm than its key")
        guard Self.signsAlike(algorithm), let context = contexts[algorithm] else {
            return try require(genuine.contains(input), "valid, and \(algorithm.name) never signed it")
        }
        var again = input
        try context.appendSignature(to: &again, from: 0)
        try require(again == token, "valid, and not what \(algorithm.name) signs")
    }

    /// Whether a second signature of the same is the first again.
    private static func signsAlike(_ algorithm: Algorithm) -> Bool {
        switch algorithm.mechanism {
        case .hmac, .keyPair(.rsaPKCS1), .keyPair(.edDSA): true
        case .keyPair: false
        }
    }

    // MARK: A token with a good signature

    private func examineSigned(_ input: [UInt8]) throws -> Bool {
        let parts = input.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false).map { Array($0) }
        guard parts.count == 2 else { return false }
        let kid = (try? members(of: parts[0], "the header"))?["kid"].flatMap { try? unescaped($0) } ?? ""
        let algorithm = Algorithm(name: ByteString(kid)) ?? .hs256
        guard let context = contexts[algorithm] else { return false }
        var token = encoded(parts[0]) + [UInt8(ascii: ".")] + encoded(parts[1])
        try context.appendSignature(to: &token, from: 0)
        let answer = try verify(token, algorithm)
        guard answer["valid"] == Array("true".utf8) else {
            try require(answer["reason"] != Array(#""bad_signature""#.utf8), "a good signature is called bad")
            return false
        }
        // Read anew, without what the service has found.
        let header = try members(of: parts[0], "a valid token's header")
        try require(try unescaped(header["alg"]) == algorithm.name, "valid under another algorithm than its key's")
        try require(header["crit"] == nil, "valid with crit")
        try require(answer["header"] == compact(parts[0]), "the header came back as another")
        try require(answer["claims"] == compact(parts[1]), "the claims came back as others")
        try examineClaims(try members(of: parts[1], "a valid token's payload"))
        return true
    }

    /// Rules CLM-1 to CLM-5, said once more.
    private func examineClaims(_ claims: [String: [UInt8]]) throws {
        try require(try unescaped(claims["iss"]) == Self.issuer.text, "valid with another issuer")
        let (now, leeway) = (Double(Self.now), Double(Self.leeway))
        try require(number(claims["exp"]).map { now < $0 + leeway } ?? false, "valid without or after exp")
        for name in ["nbf", "iat"] where claims[name] != nil {
            try require(number(claims[name]).map { $0 <= now + leeway } ?? false, "valid before \(name)")
        }
        let audiences = claims["aud"].map { String(decoding: $0, as: UTF8.self) } ?? ""
        // An audience may be escaped; then the reader of JSON says what it is.
        try require(
            audiences.contains(Self.audience.text) || audiences.contains("\\"), "valid for another audience")
    }

    // MARK: Claims to be signed

    private func examineSigning(_ claims: [UInt8]) throws -> Bool {
        // As a line would end there.
        guard !claims.contains(0x0A), String(validating: claims, as: UTF8.self) != nil else { return false }
        var isSigned = false
        for algorithm in [Algorithm.hs256, .ed25519] {
            let line = Array(#"{"op":"sign","profile":"\#(algorithm.name)","claims":"#.utf8) + claims + Array("}".utf8)
            let answer = try ask(line)
            guard answer["ok"] == Array("true".utf8) else { continue }
            // The claims may close their object, and other members follow.
            guard let token = answer["token"] else { continue }
            let verified = try verify(Array(token.dropFirst().dropLast()), algorithm)
            try require(
                verified["valid"] == Array("true".utf8),
                "signed, and not valid: \(String(decoding: verified["reason"] ?? [], as: UTF8.self))")
            isSigned = true
        }
        return isSigned
    }

    // MARK: The service

    private func verify(_ token: [UInt8], _ algorithm: Algorithm) throws -> [String: [UInt8]] {
        var line = Array(#"{"op":"verify","profile":"\#(algorithm.name)","token":"#.utf8)
        // What no string can hold comes to no service.
        guard String(validating: token, as: UTF8.self) != nil else { return [:] }
        line.appendJSONString(token)
        line.append(UInt8(ascii: "}"))
        let answer = try ask(line)
        try require(answer["ok"] == Array("true".utf8), "verify is refused")
        if answer["valid"] == Array("false".utf8), let signature = token.split(separator: UInt8(ascii: ".")).last,
            signature.count >= 16
        {
            try require(!answer.values.contains { holds($0, signature) }, "an answer repeats a signature")
        }
        return answer
    }

    private func ask(_ line: [UInt8]) throws -> [String: [UInt8]] {
        var output: [UInt8] = []
        let caller = Identity(uid: 1_000, gid: 100, supplementaryGroups: [])
        let moment = Moment(unixSeconds: Self.now, monotonicNanoseconds: 0)
        _ = worker.answer(line.span, from: caller, at: moment, into: &output)
        return try examineAnswer(output, id: nil)
    }

    private static func file(of algorithm: Algorithm) -> String {
        switch algorithm {
        case .hs256, .hs384, .hs512: "octets.jwk"
        case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512: "rsa.jwk"
        case .es256: "p256.jwk"
        case .es384: "p384.jwk"
        case .es512: "p521.jwk"
        case .edDSA, .ed25519: "ed25519.jwk"
        case .ed448: "ed448.jwk"
        }
    }

    private static func profile(_ name: ByteString) -> Profile {
        let entry = AllowEntry(
            number: 1, source: "signetd.toml:1", who: Who(users: NameList(names: ["web"], ids: [1_000]), groups: nil),
            permissions: [.sign, .verify], audiences: [audience], allowedClaims: .all, maximumTTL: 86_400)
        return Profile(
            name: name, keyring: name,
            validation: ClaimsValidation(issuer: issuer, requiredClaims: [], leeway: leeway), audiences: [audience],
            ttl: 900, maximumTTL: 604_800, backdate: 0, type: TokenType("JWT"), fixedClaims: [], allow: [entry])
    }
}

/// The string that a raw JSON value is.
private func unescaped(_ raw: [UInt8]?) throws(Finding) -> String {
    guard let raw else { throw Finding("a member is missing") }
    var index = JSONIndex()
    guard (try? index.read(raw.span, maximumDepth: 32)) != nil, let text = index.root.text else {
        throw Finding("a member is no string")
    }
    return String(decoding: text.unescaped(in: raw.span), as: UTF8.self)
}

private func number(_ raw: [UInt8]?) -> Double? { raw.flatMap { Double(String(decoding: $0, as: UTF8.self)) } }

private func compact(_ json: [UInt8]) -> [UInt8]? {
    var index = JSONIndex()
    guard (try? index.read(json.span, maximumDepth: 32)) != nil else { return nil }
    var text: [UInt8] = []
    index.root.appendCompact(from: json.span, to: &text)
    return text
}
