internal import OpenSSL

extension KeyMaterial {
    /// A new key that nobody keeps, to measure with.
    ///
    /// - Parameter signatureLength: Bytes of its signatures, where the algorithm leaves that open: the length of an RSA
    ///   modulus, and which curve it is for `EdDSA`.
    /// - Throws: `Misfit`, `OpenSSLError` or `SecretMemoryError`.
    package static func generate(_ algorithm: Algorithm, signatureLength: Int) throws -> KeyMaterial {
        if case .hmac(_, let length) = algorithm.mechanism {
            var octets = try SecretBytes(count: length)
            try fillRandom(&octets)
            return try KeyMaterial(octets: octets, algorithm)
        }
        guard var kind = algorithm.newKeyPair else { throw Misfit.wrongType }
        switch (algorithm, kind) {
        case (.edDSA, _) where signatureLength == ed448SignatureLength: kind = .ed448
        case (_, .rsa): kind = .rsa(bits: signatureLength * 8)
        default: break
        }
        return try KeyMaterial(KeyPair.generate(kind), algorithm)
    }

    /// Bytes of a signature of Ed448 (RFC 8032 section 5.2.6).
    private static let ed448SignatureLength = 114
}
