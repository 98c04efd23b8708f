internal import JOSE
internal import OpenSSL
internal import StrictJSON

extension KeySource {
    /// Whether it must not be shown.
    var isSecret: Bool {
        switch numbers {
        case .octets: true
        case .keyPair(let pair): pair.hasPrivateHalf
        }
    }

    /// The key as a JWK in locked memory, with what its file says of when and how it may be used.
    ///
    /// - Parameters:
    ///   - algorithm: nil: the JWK does not say.
    ///   - now: `iat` of a key whose file has none; nil: none.
    func jwk(_ algorithm: Algorithm?, kid: ByteString, now: Int64?) throws(KeyError) -> SecretBytes {
        do {
            let issuedAt = times.issuedAt ?? now
            switch numbers {
            case .octets(let octets):
                let jwk = try PrivateJWK.write(octets: octets, algorithm, kid: kid, issuedAt: issuedAt)
                return try Self.insert(restrictions, before: "}\n", of: jwk)
            case .keyPair(let pair):
                let jwk = try PrivateJWK.write(pair, algorithm, kid: kid, issuedAt: issuedAt)
                return try Self.insert(restrictions, before: "}\n", of: jwk)
            }
        } catch {
            throw KeyError(path, "cannot be written as a JWK: \(error)", fix: "raise `ulimit -l`, or see the error")
        }
    }

    /// Members that keep a key from being used for more, or longer, than its file allows.
    private var restrictions: [UInt8] {
        var members: [UInt8] = []
        if let notBefore = times.notBefore {
            members.append(",\"nbf\":")
            members.appendInteger(notBefore)
        }
        if let expires = times.expires {
            members.append(",\"exp\":")
            members.appendInteger(expires)
        }
        if isSecret, !canSign { members.append(",\"key_ops\":[\"verify\"]") }
        return members
    }

    private static func insert(
        _ text: [UInt8], before end: StaticString, of secret: consuming SecretBytes
    ) throws(SecretMemoryError) -> SecretBytes {
        if text.isEmpty { return secret }
        var result = try SecretBytes(count: secret.count + text.count)
        let head = secret.count - end.utf8CodeUnitCount
        result.withMutableSpan { output in
            for offset in text.indices { output[head + offset] = text[offset] }
            secret.withSpan { source in
                for offset in 0..<head { output[offset] = source[offset] }
                for offset in head..<source.count { output[offset + text.count] = source[offset] }
            }
        }
        return result
    }
}
