internal import CLibCrypto

/// A key pair of OpenSSL, or its public half alone. Its private numbers lie in the arena. May be shared by threads.
@safe package final class KeyPair: @unchecked Sendable {
    // Reason for @unchecked: an EVP_PKEY is immutable once made, and counted atomically.
    let key: OpaquePointer
    package let hasPrivateHalf: Bool
    package let kind: Kind

    /// What the numbers are.
    package enum Kind: Equatable, Sendable {
        /// With the length of its modulus in bits.
        case rsa(bits: Int)
        case ec(Curve)
        case ed25519
        case ed448
    }

    /// The curves of RFC 7518 section 3.4, by OpenSSL's names.
    package enum Curve: String, CaseIterable, Sendable {
        case p256 = "prime256v1"
        case p384 = "secp384r1"
        case p521 = "secp521r1"

        /// Octets of a coordinate, and of each half of a signature.
        package var coordinateLength: Int {
            switch self {
            case .p256: 32
            case .p384: 48
            case .p521: 66
            }
        }
    }

    /// OpenSSL's names of the key types.
    package enum AlgorithmName: String, Sendable {
        case rsa = "RSA"
        case ec = "EC"
        case ed25519 = "ED25519"
        case ed448 = "ED448"
    }

    /// Takes ownership of a key.
    /// - Throws: For a type that no algorithm of JOSE uses.
    init(owning key: OpaquePointer, hasPrivateHalf: Bool) throws(OpenSSLError) {
        // A key can be made although memory lacked on the way, which is told all the same.
        defer { ERR_clear_error() }
        unsafe self.key = key
        self.hasPrivateHalf = hasPrivateHalf
        if unsafe EVP_PKEY_is_a(key, "RSA") == 1 {
            kind = .rsa(bits: Int(unsafe EVP_PKEY_get_bits(key)))
            guard !hasThirdPrime else {
                throw OpenSSLError(call: "EVP_PKEY_is_a", reason: "an RSA key of more than two primes")  // Rule KEY-2
            }
        } else if unsafe EVP_PKEY_is_a(key, "ED25519") == 1 {
            kind = .ed25519
        } else if unsafe EVP_PKEY_is_a(key, "ED448") == 1 {
            kind = .ed448
        } else if unsafe EVP_PKEY_is_a(key, "EC") == 1, let curve = unsafe Self.curve(of: key) {
            kind = .ec(curve)
        } else {
            kind = .rsa(bits: 0)  // all properties are set before the throw, so `deinit` frees the key
            throw OpenSSLError(call: "EVP_PKEY_is_a", reason: "no RSA, EC (P-256, P-384, P-521) or Edwards key")
        }
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// The same numbers in a key of their own, without what use has left in this one.
    package func copy() throws(OpenSSLError) -> KeyPair {
        guard let copy = unsafe EVP_PKEY_dup(key) else { throw .last("EVP_PKEY_dup") }
        return try unsafe KeyPair(owning: copy, hasPrivateHalf: hasPrivateHalf)
    }

    /// Makes a new key pair.
    ///
    /// - Parameter kind: For RSA, with the bits that the modulus shall have.
    package static func generate(_ kind: Kind) throws(OpenSSLError) -> KeyPair {
        let name: AlgorithmName =
            switch kind {
            case .rsa: .rsa
            case .ec: .ec
            case .ed25519: .ed25519
            case .ed448: .ed448
            }
        guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, name.rawValue, nil) else {
            throw .last("EVP_PKEY_CTX_new_from_name")
        }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        guard unsafe EVP_PKEY_keygen_init(context) == 1 else { throw .last("EVP_PKEY_keygen_init") }
        var isSet: Int32 = 1
        switch kind {
        case .rsa(let bits): isSet = unsafe EVP_PKEY_CTX_set_rsa_keygen_bits(context, Int32(bits))
        case .ec(let curve): isSet = unsafe EVP_PKEY_CTX_set_group_name(context, curve.rawValue)
        case .ed25519, .ed448: break
        }
        var key: OpaquePointer?
        guard isSet == 1, unsafe EVP_PKEY_generate(context, &key) == 1, let key = unsafe key else {
            throw .last("EVP_PKEY_generate")
        }
        return try unsafe KeyPair(owning: key, hasPrivateHalf: true)
    }

    /// Whether the public numbers are a key at all: for EC, that the point is on the curve (rule KEY-3); for RSA, that the
    /// modulus has no small factor. OpenSSL would also prove that it is no prime, which takes longer than all else about a
    /// key, and signing shows it.
    package func publicHalfIsValid() -> Bool {
        defer { ERR_clear_error() }
        if case .rsa = kind { return modulusHasNoSmallFactor() }
        guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, key, nil) else { return false }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        return unsafe EVP_PKEY_public_check_quick(context) == 1
    }

    private func modulusHasNoSmallFactor() -> Bool {
        var modulus: OpaquePointer?
        defer { unsafe BN_clear_free(modulus) }
        // Reason: OpenSSL makes the number, which is read below and freed above.
        guard unsafe EVP_PKEY_get_bn_param(key, KeyParameters.Name.modulus.text.cString, &modulus) == 1 else {
            return false
        }
        guard unsafe BN_is_odd(modulus) == 1 else { return false }
        return Self.smallOddNumbers.allSatisfy { unsafe BN_mod_word(modulus, $0) != 0 }
    }

    /// As far as SP 800-89 section 5.3.3 d goes. What has an odd factor has one that is prime.
    private static let smallOddNumbers = stride(from: 3 as UInt, to: 752, by: 2)

    /// A public number, big-endian, without leading zeros unless `length` asks for them.
    package func publicNumber(_ name: KeyParameters.Name, length: Int? = nil) throws(OpenSSLError) -> [UInt8] {
        var number: OpaquePointer?
        guard unsafe EVP_PKEY_get_bn_param(key, name.text.cString, &number) == 1, let number = unsafe number else {
            throw .last("EVP_PKEY_get_bn_param")
        }
        // It succeeds without some of its allocations, and leaves their errors behind.
        defer { ERR_clear_error() }
        defer { unsafe BN_clear_free(number) }
        let count = max(length ?? 0, Int(unsafe BN_num_bits(number) + 7) / 8)
        var bytes = [UInt8](repeating: 0, count: count)
        // Reason: BN_bn2binpad writes exactly `count` bytes.
        guard unsafe BN_bn2binpad(number, &bytes, Int32(count)) == Int32(count) else { throw .last("BN_bn2binpad") }
        return bytes
    }

    /// Whether the key has that number: RSA keys may come without their primes.
    package func has(_ name: KeyParameters.Name) -> Bool { has(name.text) }

    private var hasThirdPrime: Bool { has("rsa-factor3") }

    private func has(_ name: StaticString) -> Bool {
        var number: OpaquePointer?
        defer { unsafe BN_clear_free(number) }
        defer { ERR_clear_error() }
        return unsafe EVP_PKEY_get_bn_param(key, name.cString, &number) == 1
    }

    /// A private number, big-endian, in locked memory.
    package func privateNumber(
        _ name: KeyParameters.Name, length: Int? = nil
    ) throws(OpenSSLError) -> SecretBytes {
        var number: OpaquePointer?
        guard unsafe EVP_PKEY_get_bn_param(key, name.text.cString, &number) == 1, let number = unsafe number else {
            throw .last("EVP_PKEY_get_bn_param")
        }
        defer { ERR_clear_error() }
        defer { unsafe BN_clear_free(number) }
        let count = max(length ?? 0, Int(unsafe BN_num_bits(number) + 7) / 8)
        let bytes = try Self.secret(count)
        let written = unsafe bytes.withUnsafeMutablePointer { unsafe BN_bn2binpad(number, $0, Int32(count)) }
        guard written == Int32(count) else { throw .last("BN_bn2binpad") }
        return bytes
    }

    /// The public half of an Edwards key.
    package func rawPublicKey() throws(OpenSSLError) -> [UInt8] {
        var count = 0
        guard unsafe EVP_PKEY_get_raw_public_key(key, nil, &count) == 1 else {
            throw .last("EVP_PKEY_get_raw_public_key")
        }
        var bytes = [UInt8](repeating: 0, count: count)
        guard unsafe EVP_PKEY_get_raw_public_key(key, &bytes, &count) == 1 else {
            throw .last("EVP_PKEY_get_raw_public_key")
        }
        return bytes
    }

    /// The private half of an Edwards key.
    package func rawPrivateKey() throws(OpenSSLError) -> SecretBytes {
        var count = 0
        guard unsafe EVP_PKEY_get_raw_private_key(key, nil, &count) == 1 else {
            throw .last("EVP_PKEY_get_raw_private_key")
        }
        let bytes = try Self.secret(count)
        let isRead = unsafe bytes.withUnsafeMutablePointer { unsafe EVP_PKEY_get_raw_private_key(key, $0, &count) }
        guard isRead == 1 else { throw .last("EVP_PKEY_get_raw_private_key") }
        return bytes
    }

    private static func secret(_ count: Int) throws(OpenSSLError) -> SecretBytes {
        do throws(SecretMemoryError) { return try SecretBytes(count: count) } catch {
            throw OpenSSLError(call: "arena_allocate", reason: "\(error)")
        }
    }

    private static func curve(of key: OpaquePointer) -> Curve? {
        var name = [CChar](repeating: 0, count: 64)
        guard unsafe EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, &name, name.count, nil) == 1 else {
            return nil
        }
        let text = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return Curve.allCases.first { Array($0.rawValue.utf8) == text }
    }
}
