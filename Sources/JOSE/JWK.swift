package import OpenSSL
package import StrictJSON

/// A JSON Web Key (RFC 7517, RFC 7518 section 6, RFC 8037), read from locked memory. Its secrets stay there.
package struct JWK: ~Copyable {
    package let keyID: ByteString?
    /// What `alg` says, where it is there.
    package let algorithm: Algorithm?
    /// Whether `key_ops` lets it sign; without `key_ops` it may.
    package let canSign: Bool
    package let times: KeyTimes
    private let numbers: Numbers

    enum Numbers: ~Copyable {
        case octets(SecretBytes)
        case keyPair(KeyPair)
    }

    /// Reads a file that is one JWK, or one element of a JWK Set.
    ///
    /// - Parameter element: Where the JWK stands in the file; nil: the whole of it.
    /// - Throws: What makes it unusable. No error holds a value of the key.
    package init(_ file: borrowing SecretBytes, element: Range<Int>? = nil) throws(JWKError) {
        let range = element ?? 0..<file.count
        let result = file.withSpan { file -> Result<JWKMembers, JWKError> in
            let bytes = file.extracting(range)
            do throws(JWKError) {
                var index = JSONIndex()
                do throws(JSONError) { try index.read(bytes, maximumDepth: 32, indexedDepth: 1) } catch {
                    throw JWKError(error)
                }
                return .success(try JWKMembers(index, in: bytes, base: range.lowerBound))
            } catch { return .failure(error) }
        }
        try self.init(result.get(), in: file)
    }

    /// A key whose members stand in `file`: the whole of it, or one element of a JWK Set.
    init(_ members: JWKMembers, in file: borrowing SecretBytes) throws(JWKError) {
        keyID = members.keyID
        algorithm = members.algorithm
        canSign = members.canSign
        times = members.times
        numbers = try SecretMemory.requiringEnough(orThrow: .outOfSecretMemory) { () throws(JWKError) in
            try members.readNumbers(file)
        }
    }

    /// The key bound to an algorithm.
    package func material(for algorithm: Algorithm) throws(KeyMaterial.Misfit) -> KeyMaterial {
        switch numbers {
        case .octets(let octets): try KeyMaterial(octets: octets, algorithm)
        case .keyPair(let pair): try KeyMaterial(pair, algorithm)
        }
    }

    /// The key pair; nil for octets.
    package var keyPair: KeyPair? {
        switch numbers {
        case .octets: nil
        case .keyPair(let pair): pair
        }
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

    /// From when on the key may sign: `nbf`, else `iat`, else always.
    package var signsFrom: Int64 { notBefore ?? issuedAt ?? 0 }
}
