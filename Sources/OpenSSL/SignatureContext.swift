internal import CLibCrypto

/// Signs and verifies with one key pair. Belongs to one event loop; not to be shared.
///
/// Hash and padding are set up once; a signature then fetches nothing.
@safe package final class SignatureContext {
    private let pair: KeyPair
    private let scheme: SignatureScheme
    private let hasher: OpaquePointer
    /// nil for Edwards keys, which hash by themselves.
    private let digest: OpaquePointer?
    private var signer: OpaquePointer?
    private var verifier: OpaquePointer?

    package init(_ pair: KeyPair, _ scheme: SignatureScheme) throws(OpenSSLError) {
        self.pair = pair
        self.scheme = scheme
        guard let hasher = unsafe EVP_MD_CTX_new() else { throw .last("EVP_MD_CTX_new") }
        unsafe self.hasher = hasher
        if let name = scheme.digest {
            unsafe digest = EVP_MD_fetch(nil, name, nil)
            guard unsafe digest != nil else { throw .last("EVP_MD_fetch") }
        } else {
            unsafe digest = nil
        }
        guard scheme != .edDSA else { return }
        unsafe verifier = try makeContext(for: pair) { unsafe EVP_PKEY_verify_init($0) }
        if pair.hasPrivateHalf { unsafe signer = try makeContext(for: pair) { unsafe EVP_PKEY_sign_init($0) } }
    }

    deinit {
        unsafe EVP_PKEY_CTX_free(signer)
        unsafe EVP_PKEY_CTX_free(verifier)
        unsafe EVP_MD_CTX_free(hasher)
        unsafe EVP_MD_free(digest)
    }

    /// A context, which keeps the key alive.
    private func makeContext(
        for pair: KeyPair, _ begin: (OpaquePointer) -> Int32
    ) throws(OpenSSLError) -> OpaquePointer {
        guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, pair.key, nil) else {
            throw .last("EVP_PKEY_CTX_new_from_pkey")
        }
        var isReady = unsafe begin(context) == 1
        isReady = isReady ? unsafe EVP_PKEY_CTX_set_signature_md(context, digest) == 1 : false
        switch scheme {
        case .rsaPKCS1:
            isReady = isReady ? unsafe EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 : false
        case .rsaPSS:
            isReady = isReady ? unsafe EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 : false
            isReady = isReady ? unsafe EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest) == 1 : false
            isReady = isReady ? unsafe EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1 : false
        case .ecdsa, .edDSA: break
        }
        guard isReady else {
            unsafe EVP_PKEY_CTX_free(context)
            throw .last("EVP_PKEY_CTX")
        }
        return unsafe context
    }

    /// Appends the signature of `message`, in JOSE's form. Nothing secret of it stays on the stack (rule MEM-1).
    package func sign(_ message: Span<UInt8>, to output: inout [UInt8]) throws(OpenSSLError) {
        defer {
            // OpenSSL can sign although memory lacked on the way, and tells that all the same.
            ERR_clear_error()
            stack_wipe()
        }
        guard pair.hasPrivateHalf else { throw OpenSSLError(call: "sign", reason: "the key has no private half") }
        switch scheme {
        case .edDSA:
            output += try signEdwards(message)
        case .ecdsa(_, let length):
            let der = try sign(try hash(message))
            output += try ECDSASignature.raw(fromDER: der, coordinateLength: length)
        case .rsaPKCS1, .rsaPSS:
            let hash = try hash(message)
            do throws(OpenSSLError) { output += try signRSA(hash) } catch {
                guard error != Self.lackWhileSigning else { throw error }
                try takeCopyOfKey()
                output += try signRSA(hash)
            }
        }
    }

    private static let lackWhileSigning = OpenSSLError.lackOfMemory("EVP_PKEY_sign")

    private func signRSA(_ hash: MessageHash) throws(OpenSSLError) -> [UInt8] {
        try SecretMemory.requiringEnough(orThrow: Self.lackWhileSigning) { () throws(OpenSSLError) in
            let signature = try sign(hash)
            // Rule SIG-4: a fault in the CRT would give the key away with the signature.
            guard verify(signature.span, of: hash) else {
                ERR_clear_error()
                throw OpenSSLError(call: "EVP_PKEY_sign", reason: "the signature does not verify")
            }
            return signature
        }
    }

    /// Goes on to sign with a copy of the key, which has a blinding of its own.
    ///
    /// OpenSSL renews a key's blinding at each 32nd signature. Where memory lacks for that, it keeps what it has of the new
    /// one, and the next 31 signatures are wrong, in every context of the key (BN_BLINDING_update).
    private func takeCopyOfKey() throws(OpenSSLError) {
        let fresh = try unsafe makeContext(for: pair.copy()) { unsafe EVP_PKEY_sign_init($0) }
        unsafe EVP_PKEY_CTX_free(signer)
        unsafe signer = fresh
    }

    /// Whether `signature` is one of `message`, in JOSE's form.
    package func verify(_ signature: Span<UInt8>, of message: Span<UInt8>) throws(OpenSSLError) -> Bool {
        defer { ERR_clear_error() }
        return try SecretMemory.requiringEnough(orThrow: .lackOfMemory("EVP_PKEY_verify")) { () throws(OpenSSLError) in
            try fits(signature, message)
        }
    }

    private func fits(_ signature: Span<UInt8>, _ message: Span<UInt8>) throws(OpenSSLError) -> Bool {
        switch scheme {
        case .edDSA: return verifyEdwards(signature, message)
        case .ecdsa(_, let length):
            guard let der = ECDSASignature.der(fromRaw: signature, coordinateLength: length) else { return false }
            return verify(der.span, of: try hash(message))
        case .rsaPKCS1, .rsaPSS:
            // As long as the modulus (RFC 8017 sections 8.1.2 and 8.2.2, step 1). OpenSSL does not ask that of PSS: it
            // takes a signature without the zero that it begins with. Reason: reads a number of a key that `pair` owns.
            guard signature.count == Int(unsafe EVP_PKEY_get_size(pair.key)) else { return false }
            return verify(signature, of: try hash(message))
        }
    }

    /// A message's hash: its first `count` bytes.
    private struct MessageHash {
        var bytes = InlineArray<64, UInt8>(repeating: 0)
        var count = 0
    }

    private func hash(_ message: Span<UInt8>) throws(OpenSSLError) -> MessageHash {
        var hash = MessageHash()
        var length: UInt32 = 0
        let (hasher, digest) = unsafe (hasher, digest)
        var bytes = hash.bytes.mutableSpan
        // Reason: OpenSSL reads the message and writes at most 64 bytes, the longest hash that is fetched here.
        let isDone = unsafe bytes.withUnsafeMutableBufferPointer { output in
            unsafe message.withUnsafeBufferPointer { message in
                guard unsafe EVP_DigestInit_ex2(hasher, digest, nil) == 1,
                    unsafe EVP_DigestUpdate(hasher, message.baseAddress, message.count) == 1
                else { return false }
                return unsafe EVP_DigestFinal_ex(hasher, output.baseAddress, &length) == 1
            }
        }
        guard isDone else { throw .last("EVP_Digest") }
        hash.count = Int(length)
        return hash
    }

    private func sign(_ hash: MessageHash) throws(OpenSSLError) -> [UInt8] {
        let signer = unsafe signer
        var count = Int(unsafe EVP_PKEY_get_size(pair.key))
        var signature = [UInt8](repeating: 0, count: count)
        // Reason: OpenSSL reads the hash and writes at most `count` bytes.
        let isSigned = unsafe hash.bytes.span.withUnsafeBufferPointer {
            unsafe EVP_PKEY_sign(signer, &signature, &count, $0.baseAddress, hash.count)
        }
        // Without memory to encode an ECDSA signature, OpenSSL 3.0 reports success and -1 as its length.
        guard isSigned == 1, 1...signature.count ~= count else { throw .last("EVP_PKEY_sign") }
        signature.removeSubrange(count...)
        return signature
    }

    private func verify(_ signature: Span<UInt8>, of hash: MessageHash) -> Bool {
        guard let verifier = unsafe verifier else { return false }
        return unsafe hash.bytes.span.withUnsafeBufferPointer { bytes in
            unsafe signature.withUnsafeBufferPointer {
                unsafe EVP_PKEY_verify(verifier, $0.baseAddress, $0.count, bytes.baseAddress, hash.count) == 1
            }
        }
    }

    private func signEdwards(_ message: Span<UInt8>) throws(OpenSSLError) -> [UInt8] {
        var count = Int(unsafe EVP_PKEY_get_size(pair.key))
        var signature = [UInt8](repeating: 0, count: count)
        let (hasher, key) = unsafe (hasher, pair.key)
        let isSigned = unsafe message.withUnsafeBufferPointer { message in
            guard unsafe EVP_DigestSignInit_ex(hasher, nil, nil, nil, nil, key, nil) == 1 else { return false }
            return unsafe EVP_DigestSign(hasher, &signature, &count, message.baseAddress, message.count) == 1
        }
        guard isSigned, count == signature.count else { throw .last("EVP_DigestSign") }
        return signature
    }

    private func verifyEdwards(_ signature: Span<UInt8>, _ message: Span<UInt8>) -> Bool {
        let (hasher, key) = unsafe (hasher, pair.key)
        return unsafe message.withUnsafeBufferPointer { message in
            unsafe signature.withUnsafeBufferPointer { signature in
                guard unsafe EVP_DigestVerifyInit_ex(hasher, nil, nil, nil, nil, key, nil) == 1 else { return false }
                return unsafe EVP_DigestVerify(
                    hasher, signature.baseAddress, signature.count, message.baseAddress, message.count) == 1
            }
        }
    }
}
