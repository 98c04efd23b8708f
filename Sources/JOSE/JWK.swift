package import OpenSSL
package import StrictJSON

/// A JSON Web Key (RFC 7517), read from locked memory. Its secret stays there.
package struct JWK: ~Copyable {
    package let keyID: ByteString?
    package let algorithm: Algorithm?
    /// Whether `key_ops` lets it sign; without `key_ops` it may.
    package let canSign: Bool
    package let times: KeyTimes
    /// The octets of `k` (RFC 7518 section 6.4.1).
    package let secret: SecretBytes

    /// - Throws: What makes it unusable. No error holds a value of the key.
    package init(_ file: borrowing SecretBytes) throws(JWKError) {
        let result = file.withSpan { bytes -> Result<Members, JWKError> in
            do throws(JWKError) { return .success(try Members(bytes)) } catch { return .failure(error) }
        }
        let members = try result.get()
        guard let range = members.secret, let count = Base64URL.decodedCount(range.count), count > 0 else {
            throw .invalidMember("k", "must be base64url without padding")
        }
        var secret: SecretBytes
        do throws(SecretMemoryError) { secret = try SecretBytes(count: count) } catch { throw .outOfSecretMemory }
        let isDecoded = secret.withMutableSpan { output in
            file.withSpan { Base64URL.decode($0.extracting(range), into: &output) }
        }
        guard isDecoded else { throw .invalidMember("k", "must be base64url without padding") }
        self.secret = secret
        keyID = members.keyID
        algorithm = members.algorithm
        canSign = members.canSign
        times = members.times
    }
}

/// When a key may be used, in seconds since 1970-01-01 UTC; members of a JWK as OpenID Federation registers them.
package struct KeyTimes: Equatable, Sendable {
    package var issuedAt: Int64?
    package var notBefore: Int64?
    package var expires: Int64?
    package var isRevoked = false

    package init(issuedAt: Int64? = nil, notBefore: Int64? = nil, expires: Int64? = nil, isRevoked: Bool = false) {
        self.issuedAt = issuedAt
        self.notBefore = notBefore
        self.expires = expires
        self.isRevoked = isRevoked
    }
}

/// Why a JWK cannot be used. Names members, never their values.
package enum JWKError: Error, Equatable, Sendable {
    case notJSON(offset: Int?)
    case duplicateMember
    case missingMember(String)
    case invalidMember(String, String)
    case outOfSecretMemory

    package var problem: String {
        switch self {
        case .notJSON(let offset?): "is no valid JSON object (offset \(offset))"
        case .notJSON(nil): "is no valid JSON object"
        case .duplicateMember: "has a member twice"
        case .missingMember(let name): "has no \"\(name)\""
        case .invalidMember(let name, let problem): "\"\(name)\" \(problem)"
        case .outOfSecretMemory: "does not fit the locked memory: raise locked_memory"
        }
    }

    fileprivate init(_ error: JSONError) {
        switch error {
        case .unexpectedByte(let offset), .controlCharacter(let offset), .invalidEscape(let offset),
            .loneSurrogate(let offset), .invalidUTF8(let offset), .trailingBytes(let offset), .tooDeep(let offset):
            self = .notJSON(offset: offset)
        case .unexpectedEnd: self = .notJSON(offset: nil)
        case .duplicateName: self = .duplicateMember
        }
    }
}

/// The members of an `oct` key, checked one by one; the secret only as where it stands.
private struct Members {
    var keyID: ByteString?
    var algorithm: Algorithm?
    var canSign = true
    var times = KeyTimes()
    var secret: Range<Int>?

    init(_ bytes: Span<UInt8>) throws(JWKError) {
        var index = JSONIndex()
        do throws(JSONError) { try index.read(bytes, maximumDepth: 32, indexedDepth: 1) } catch {
            throw JWKError(error)
        }
        guard index.root.kind == .object else { throw .notJSON(offset: nil) }
        var keyType: JSONText?
        var position = index.root.firstMember
        while position >= 0 {
            let member = index.members[position]
            position = member.next
            if member.name.equals("kty", in: bytes) {
                keyType = member.value.text
            } else {
                try take(member, in: bytes)
            }
        }
        guard let keyType else { throw .missingMember("kty") }
        guard keyType.equals("oct", in: bytes) else {
            throw .invalidMember("kty", "is not supported: use \"oct\"")
        }
        guard secret != nil else { throw .missingMember("k") }
    }

    private mutating func take(_ member: JSONMember, in bytes: Span<UInt8>) throws(JWKError) {
        let (name, value) = (member.name, member.value)
        if name.equals("k", in: bytes) {
            guard let text = value.text, !text.hasEscapes else { throw .invalidMember("k", "must be base64url") }
            secret = text.start..<text.end
        } else if name.equals("kid", in: bytes) {
            guard let text = value.text, 1...Self.longestKeyID ~= text.unescapedCount(in: bytes) else {
                throw .invalidMember("kid", "must be a string of 1 to \(Self.longestKeyID) bytes")
            }
            keyID = ByteString(text.unescaped(in: bytes))
        } else if name.equals("alg", in: bytes) {
            guard let text = value.text, let known = Algorithm(name: ByteString(text.unescaped(in: bytes))) else {
                throw .invalidMember("alg", "is none of \(Algorithm.allCases.map(\.name).joined(separator: ", "))")
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
    private static let longestKeyID = 1_024
}
