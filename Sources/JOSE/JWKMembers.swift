internal import OpenSSL
internal import StrictJSON

/// The members of one JWK, checked one by one. Of numbers, only where they stand: they may be secret.
struct JWKMembers {
    private(set) var keyType: KeyType
    private(set) var curve: Curve?
    private(set) var keyID: ByteString?
    private(set) var algorithm: Algorithm?
    private(set) var canSign = true
    private(set) var times = KeyTimes()
    /// Base64url text of each number, as offsets into the file.
    private var numbers: [Number: Range<Int>] = [:]

    enum KeyType: String, CaseIterable {
        case octets = "oct"
        case rsa = "RSA"
        case ec = "EC"
        case octetKeyPair = "OKP"
    }

    enum Curve: String, CaseIterable {
        case p256 = "P-256"
        case p384 = "P-384"
        case p521 = "P-521"
        case ed25519 = "Ed25519"
        case ed448 = "Ed448"
    }

    enum Number: String, CaseIterable {
        case k, n, e, d, p, q, dp, dq, qi, x, y
    }

    /// - Parameters:
    ///   - index: Over `bytes`, its root the JWK.
    ///   - base: Where `bytes` begin in the file.
    init(_ index: borrowing JSONIndex, in bytes: Span<UInt8>, base: Int = 0) throws(JWKError) {
        guard index.root.kind == .object else { throw .notJSON(offset: nil) }
        var keyType: KeyType?
        var position = index.root.firstMember
        while position >= 0 {
            let member = index.members[position]
            if member.name.equals("kty", in: bytes) {
                keyType = KeyType.allCases.first { Self.holds(member.value, $0.rawValue, in: bytes) }
                if keyType == nil { throw .invalidMember("kty", "must be \"oct\", \"RSA\", \"EC\" or \"OKP\"") }
            }
            position = member.next
        }
        guard let keyType else { throw .missingMember("kty") }
        self.keyType = keyType
        position = index.root.firstMember
        while position >= 0 {
            let member = index.members[position]
            try take(member, in: bytes, base: base)
            position = member.next
        }
        // Rule KEY-5.
        if let algorithm, !isFor(algorithm) {
            throw .invalidMember("alg", "is \(algorithm.name), which is not for keys of this type")
        }
    }

    /// Whether keys of this type and curve are for an algorithm. A curve that is missing or wrong is named elsewhere.
    private func isFor(_ algorithm: Algorithm) -> Bool {
        switch (keyType, curve) {
        case (.octets, _): algorithm.newKeyPair == nil
        case (.rsa, _): algorithm.fits(.rsa(bits: Algorithm.smallestRSAModulus))
        case (.ec, .p256): algorithm.fits(.ec(.p256))
        case (.ec, .p384): algorithm.fits(.ec(.p384))
        case (.ec, .p521): algorithm.fits(.ec(.p521))
        case (.octetKeyPair, .ed25519): algorithm.fits(.ed25519)
        case (.octetKeyPair, .ed448): algorithm.fits(.ed448)
        case (.ec, _), (.octetKeyPair, _): true
        }
    }

    /// The text of a number that must be there.
    func require(_ number: Number) throws(JWKError) -> Range<Int> {
        guard let range = numbers[number] else { throw .missingMember(number.rawValue) }
        return range
    }

    func has(_ number: Number) -> Bool { numbers[number] != nil }

    private static func holds(_ value: JSONValue, _ text: String, in bytes: Span<UInt8>) -> Bool {
        value.text?.equals(text.utf8.span, in: bytes) ?? false
    }

    private mutating func take(_ member: JSONMember, in bytes: Span<UInt8>, base: Int) throws(JWKError) {
        let (name, value) = (member.name, member.value)
        if let number = Number.allCases.first(where: { name.equals($0.rawValue.utf8.span, in: bytes) }) {
            guard let text = value.text, !text.hasEscapes else {
                throw .invalidMember(number.rawValue, "must be base64url without padding")
            }
            numbers[number] = base + text.start..<base + text.end
        } else if name.equals("crv", in: bytes) {
            curve = Curve.allCases.first { Self.holds(value, $0.rawValue, in: bytes) }
            if curve == nil {
                throw .invalidMember("crv", "is none of \(Curve.allCases.map(\.rawValue).joined(separator: ", "))")
            }
        } else if name.equals("oth", in: bytes) {
            throw .invalidMember("oth", "is not supported: RSA keys have two primes")  // Rule KEY-2
        } else {
            try takeMetadata(member, in: bytes)
        }
    }

    private mutating func takeMetadata(_ member: JSONMember, in bytes: Span<UInt8>) throws(JWKError) {
        let (name, value) = (member.name, member.value)
        if name.equals("kid", in: bytes) {
            guard let text = value.text, 1...Self.longestKeyID ~= text.unescapedCount(in: bytes) else {
                throw .invalidMember("kid", "must be a string of 1 to \(Self.longestKeyID) bytes")
            }
            keyID = ByteString(text.unescaped(in: bytes))
        } else if name.equals("alg", in: bytes) {
            guard let text = value.text, let known = Algorithm(name: ByteString(text.unescaped(in: bytes))) else {
                throw .invalidMember("alg", "is none of \(Algorithm.names)")
            }
            algorithm = known
        } else if name.equals("use", in: bytes) {
            guard let text = value.text, text.equals("sig", in: bytes) else {
                throw .invalidMember("use", "must be \"sig\": this key is meant for something else")
            }
        } else if name.equals("key_ops", in: bytes) {
            canSign = try Self.readOperations(value, in: bytes)
        } else if name.equals("iat", in: bytes) {
            times.issuedAt = try Self.readDate(value, "iat", .up, in: bytes)
        } else if name.equals("nbf", in: bytes) {
            times.notBefore = try Self.readDate(value, "nbf", .up, in: bytes)
        } else if name.equals("exp", in: bytes) {
            times.expires = try Self.readDate(value, "exp", .down, in: bytes)
        } else if name.equals("revoked", in: bytes) {
            times.isRevoked = true
        }
    }

    /// Rule KEY-5: `key_ops` must hold "sign" or "verify"; whether it holds "sign".
    private static func readOperations(_ value: JSONValue, in bytes: Span<UInt8>) throws(JWKError) -> Bool {
        var (signs, verifies) = (false, false)
        if value.kind == .array {
            var elements = JSONArrayReader(value)
            while let element = elements.next(in: bytes) {
                if element.text?.equals("sign", in: bytes) == true { signs = true }
                if element.text?.equals("verify", in: bytes) == true { verifies = true }
            }
        }
        guard signs || verifies else {
            throw .invalidMember("key_ops", "must hold \"sign\" or \"verify\": this key is meant for something else")
        }
        return signs
    }

    /// A NumericDate as whole seconds, rounded so that the key is used for less time rather than more.
    private static func readDate(
        _ value: JSONValue, _ name: String, _ rule: FloatingPointRoundingRule, in bytes: Span<UInt8>
    ) throws(JWKError) -> Int64 {
        guard let seconds = value.double(in: bytes), 0...Self.latestDate ~= seconds else {
            throw .invalidMember(name, "must be a NumericDate: seconds since 1970-01-01 UTC")
        }
        return Int64(seconds.rounded(rule))
    }

    /// The year 9999: beyond it, sums with a ttl stay far from overflow.
    private static let latestDate = 253_402_300_799.0
    /// Longest `kid` in bytes, so that every token that a key signs is one that Signet reads.
    static let longestKeyID = 1_024
}
