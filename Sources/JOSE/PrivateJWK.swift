package import OpenSSL
package import StrictJSON

/// Writes a key with its secret as a JWK, in locked memory.
package struct PrivateJWK: ~Copyable {
    private var bytes: SecretBytes
    private var count = 0

    /// Room for an RSA key of 16,384 bits with all its numbers.
    private static let capacity = 32_768

    private init() throws(SecretMemoryError) { bytes = try SecretBytes(count: Self.capacity) }

    /// An `oct` key.
    ///
    /// - Parameter algorithm: nil: the ring that it comes into decides.
    /// - Throws: `SecretMemoryError`.
    package static func write(
        octets: borrowing SecretBytes, _ algorithm: Algorithm?, kid: ByteString, issuedAt: Int64?,
        notBefore: Int64? = nil
    ) throws -> SecretBytes {
        var writer = try PrivateJWK()
        try writer.append(Array("{\"kty\":\"oct\"".utf8) + metadata(algorithm, kid, issuedAt, notBefore))
        try writer.append("k", octets)
        return try writer.finish()
    }

    /// A key pair, or its public half alone where there is no other.
    ///
    /// - Parameter algorithm: nil: the ring that it comes into decides.
    /// - Throws: `OpenSSLError` or `SecretMemoryError`.
    package static func write(
        _ pair: KeyPair, _ algorithm: Algorithm?, kid: ByteString, issuedAt: Int64?,
        notBefore: Int64? = nil
    ) throws -> SecretBytes {
        // A number that there was no memory to ask for looks like one that the key does not have.
        try SecretMemory.requiringEnough(orThrow: SecretMemoryError.exhausted) {
            var writer = try PrivateJWK()
            var head: [UInt8] = [UInt8(ascii: "{")]
            try PublicJWK(pair).appendMembers(to: &head)
            try writer.append(head + metadata(algorithm, kid, issuedAt, notBefore))
            if pair.hasPrivateHalf { try writer.appendPrivateHalf(of: pair) }
            return try writer.finish()
        }
    }

    private mutating func appendPrivateHalf(of pair: KeyPair) throws {
        switch pair.kind {
        case .rsa:
            for (name, number) in [
                ("d", KeyParameters.Name.privateExponent), ("p", .prime1), ("q", .prime2), ("dp", .exponent1),
                ("dq", .exponent2), ("qi", .coefficient),
            ] where pair.has(number) {
                try append(name, pair.privateNumber(number))
            }
        case .ec(let curve):
            try append("d", pair.privateNumber(.privateKey, length: curve.coordinateLength))
        case .ed25519, .ed448:
            try append("d", pair.rawPrivateKey())
        }
    }

    private static func metadata(
        _ algorithm: Algorithm?, _ kid: ByteString, _ issuedAt: Int64?, _ notBefore: Int64?
    ) -> [UInt8] {
        var text: [UInt8] = []
        text.append(",\"use\":\"sig\"")
        if let algorithm {
            text.append(",\"alg\":")
            text.appendJSONString(algorithm.name)
        }
        text.append(",\"kid\":")
        text.appendJSONString(kid.bytes)
        if let issuedAt {
            text.append(",\"iat\":")
            text.appendInteger(issuedAt)
        }
        if let notBefore {
            text.append(",\"nbf\":")
            text.appendInteger(notBefore)
        }
        return text
    }

    private mutating func append(_ text: [UInt8]) throws(SecretMemoryError) {
        guard count + text.count <= bytes.count else { throw .exhausted }
        let start = count
        bytes.withMutableSpan { output in
            for offset in text.indices { output[start + offset] = text[offset] }
        }
        count += text.count
    }

    private mutating func append(_ name: String, _ secret: borrowing SecretBytes) throws(SecretMemoryError) {
        try append(Array(",\"\(name)\":\"".utf8))
        let length = Base64URL.encodedCount(secret.count)
        guard count + length <= bytes.count else { throw .exhausted }
        let start = count
        bytes.withMutableSpan { output in secret.withSpan { Base64URL.encode($0, into: &output, at: start) } }
        count += length
        try append([UInt8(ascii: "\"")])
    }

    private consuming func finish() throws(SecretMemoryError) -> SecretBytes {
        try append(Array("}\n".utf8))
        bytes.truncate(to: count)
        return bytes
    }
}
