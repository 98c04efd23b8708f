internal import CLibCrypto

extension KeyPair {
    /// Whether the private numbers lie in their range and agree with each other (rule KEY-4). Whether they go with the
    /// public ones, a signature shows, unless they are RSA's with its primes: those show it by themselves.
    ///
    /// For RSA a signature does not show it: where the primes give a wrong one, OpenSSL makes another by `d` alone, four
    /// times slower; and where they give a right one, `d` was never looked at.
    package func privateHalfIsValid() -> Bool {
        defer { ERR_clear_error() }
        guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, key, nil) else { return false }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        guard unsafe EVP_PKEY_private_check(context) == 1 else { return false }
        guard case .rsa = kind, has(.prime1) else { return true }
        return rsaNumbersAgree()
    }

    /// Whether it is an RSA key that has its primes, so that the numbers alone show that its halves belong together.
    package var showsItsHalves: Bool {
        guard case .rsa = kind else { return false }
        return has(.prime1)
    }

    /// RFC 8017 section 3.2: n = p·q, dP = d mod (p − 1), dQ = d mod (q − 1), e·dP = 1 mod (p − 1), e·dQ = 1 mod (q − 1),
    /// q·qInv = 1 mod p.
    private func rsaNumbersAgree() -> Bool {
        let names: [KeyParameters.Name] = [
            .modulus, .privateExponent, .prime1, .prime2, .exponent1, .exponent2, .coefficient, .publicExponent,
        ]
        var numbers: [OpaquePointer?] = unsafe []
        for name in names {
            var number: OpaquePointer?
            _ = unsafe EVP_PKEY_get_bn_param(key, name.text.cString, &number)
            unsafe numbers.append(number)
        }
        let (result, less, working) = unsafe (BN_new(), BN_new(), BN_CTX_new())
        defer {
            for index in unsafe numbers.indices { unsafe BN_clear_free(numbers[index]) }
            unsafe BN_clear_free(result)
            unsafe BN_clear_free(less)
            unsafe BN_CTX_free(working)
        }
        guard unsafe numbers.allSatisfy({ unsafe $0 != nil }), unsafe result != nil, unsafe less != nil,
            unsafe working != nil
        else { return false }
        let (n, d, p, q) = unsafe (numbers[0], numbers[1], numbers[2], numbers[3])
        let (exponent1, exponent2, coefficient, e) = unsafe (numbers[4], numbers[5], numbers[6], numbers[7])
        // Reason: all are numbers of this function's own; `result` and `less` alone are written.
        func agrees(_ prime: OpaquePointer?, _ exponent: OpaquePointer?) -> Bool {
            guard unsafe BN_copy(less, prime) != nil, unsafe BN_sub_word(less, 1) == 1 else { return false }
            guard unsafe BN_div(nil, result, d, less, working) == 1, unsafe BN_cmp(result, exponent) == 0 else {
                return false
            }
            return unsafe BN_mod_mul(result, e, exponent, less, working) == 1 && BN_is_one(result) == 1
        }
        guard unsafe BN_mul(result, p, q, working) == 1, unsafe BN_cmp(result, n) == 0 else { return false }
        guard unsafe agrees(p, exponent1), unsafe agrees(q, exponent2) else { return false }
        return unsafe BN_mod_mul(result, q, coefficient, p, working) == 1 && BN_is_one(result) == 1
    }
}
