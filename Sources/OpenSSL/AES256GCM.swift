internal import CLibCrypto

/// AES-256-GCM (NIST SP 800-38D): a secret in and out, everything else may be seen.
///
/// Each call has a context of its own that is freed, and wiped, before the call returns: a kept one would hold the key's
/// round keys (rule MEM-1).
package enum AES256GCM {
    /// Bytes of a key.
    package static let keyLength = 32
    /// Bytes of a nonce: the one length of RFC 7518 section 5.3.
    package static let nonceLength = 12
    /// Bytes of a tag, whole.
    package static let tagLength = 16

    /// What sealing makes of a secret.
    package struct Sealed: Sendable {
        package let nonce: [UInt8]
        package let ciphertext: [UInt8]
        package let tag: [UInt8]
    }

    /// Encrypts `secret`, and authenticates it together with `header`.
    ///
    /// The nonce is drawn here, so that no caller can use one twice under a key. Random ones of 96 bits serve for 2³²
    /// secrets of a key (SP 800-38D section 8.3).
    package static func seal(
        _ secret: borrowing SecretBytes, key: borrowing SecretBytes, authenticating header: Span<UInt8>
    ) throws(OpenSSLError) -> Sealed {
        let nonce = try randomNonce()
        let context = try AESContext(key: key, nonce: nonce.span, isEncrypting: true)
        try context.authenticate(header)
        var ciphertext = [UInt8](repeating: 0, count: secret.count)
        var output = ciphertext.mutableSpan
        try secret.withSpan { (bytes) throws(OpenSSLError) in try context.transform(bytes, into: &output) }
        return Sealed(nonce: nonce, ciphertext: ciphertext, tag: try context.finishWithTag())
    }

    /// Decrypts what `seal` made. nil when the tag does not fit: another key, or a byte that was changed.
    ///
    /// - Throws: `OpenSSLError`, or `SecretMemoryError` when there is no room.
    package static func open(
        _ ciphertext: Span<UInt8>, tag: Span<UInt8>, nonce: Span<UInt8>, key: borrowing SecretBytes,
        authenticating header: Span<UInt8>
    ) throws -> SecretBytes? {
        // GCM itself takes shorter tags too, which are quicker to forge, and other nonces.
        guard tag.count == tagLength, nonce.count == nonceLength else { return nil }
        let context = try AESContext(key: key, nonce: nonce, isEncrypting: false)
        try context.authenticate(header)
        var secret = try SecretBytes(count: ciphertext.count)
        try secret.withMutableSpan { (output) throws(OpenSSLError) in
            try context.transform(ciphertext, into: &output)
        }
        // Until here nothing that was decrypted has left this function.
        guard try context.accepts(tag) else { return nil }
        return secret
    }

    private static func randomNonce() throws(OpenSSLError) -> [UInt8] {
        var nonce = [UInt8](repeating: 0, count: nonceLength)
        // Reason: RAND_bytes writes `count` bytes of the array.
        let isDrawn = unsafe nonce.withUnsafeMutableBufferPointer {
            unsafe RAND_bytes($0.baseAddress, Int32($0.count))
        }
        guard isDrawn == 1 else { throw .last("RAND_bytes") }
        return nonce
    }
}

/// One message under one key and nonce. Wiped and freed with its life.
@safe private final class AESContext {
    private let context: OpaquePointer

    init(key: borrowing SecretBytes, nonce: Span<UInt8>, isEncrypting: Bool) throws(OpenSSLError) {
        guard key.count == AES256GCM.keyLength, nonce.count == AES256GCM.nonceLength else {
            throw OpenSSLError(call: "AES-256-GCM", reason: "key or nonce of another length")
        }
        guard let cipher = unsafe EVP_CIPHER_fetch(nil, "AES-256-GCM", nil) else { throw .last("EVP_CIPHER_fetch") }
        defer { unsafe EVP_CIPHER_free(cipher) }
        guard let context = unsafe EVP_CIPHER_CTX_new() else { throw .last("EVP_CIPHER_CTX_new") }
        unsafe self.context = context
        // Reason: the lengths were checked; OpenSSL copies both during the call.
        let isReady = unsafe nonce.withUnsafeBufferPointer { nonce in
            unsafe key.withUnsafePointer {
                unsafe EVP_CipherInit_ex2(context, cipher, $0, nonce.baseAddress, isEncrypting ? 1 : 0, nil)
            }
        }
        guard isReady == 1 else { throw .last("EVP_CipherInit_ex2") }
    }

    deinit { unsafe EVP_CIPHER_CTX_free(context) }

    /// Adds what is authenticated and not encrypted, before everything else.
    func authenticate(_ header: Span<UInt8>) throws(OpenSSLError) {
        let context = unsafe context
        var written: Int32 = 0
        // Reason: without output OpenSSL only reads `count` bytes.
        let isDone = unsafe header.withUnsafeBufferPointer {
            unsafe EVP_CipherUpdate(context, nil, &written, $0.baseAddress, Int32($0.count))
        }
        guard isDone == 1 else { throw .last("EVP_CipherUpdate") }
    }

    /// Encrypts or decrypts all of `input`.
    func transform(_ input: Span<UInt8>, into output: inout MutableSpan<UInt8>) throws(OpenSSLError) {
        precondition(output.count == input.count)
        // Nothing to do, and no address that OpenSSL would take.
        if input.count == 0 { return }
        let context = unsafe context
        var written: Int32 = 0
        // Reason: a stream cipher writes as many bytes as it reads, and there is room for them.
        let isDone = unsafe input.withUnsafeBufferPointer { input in
            unsafe output.withUnsafeMutableBufferPointer { output in
                unsafe EVP_CipherUpdate(context, output.baseAddress, &written, input.baseAddress, Int32(input.count))
            }
        }
        guard isDone == 1, Int(written) == input.count else { throw .last("EVP_CipherUpdate") }
    }

    /// Ends an encryption.
    func finishWithTag() throws(OpenSSLError) -> [UInt8] {
        let context = unsafe context
        guard finish() else { throw .last("EVP_CipherFinal_ex") }
        var tag = [UInt8](repeating: 0, count: AES256GCM.tagLength)
        // Reason: OpenSSL writes `count` bytes of the array.
        let isThere = unsafe tag.withUnsafeMutableBufferPointer {
            unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32($0.count), $0.baseAddress)
        }
        guard isThere == 1 else { throw .last("EVP_CIPHER_CTX_ctrl") }
        return tag
    }

    /// Ends a decryption: whether the tag fits, compared by OpenSSL in constant time (rule SIG-3).
    func accepts(_ tag: Span<UInt8>) throws(OpenSSLError) -> Bool {
        let context = unsafe context
        var copy: [UInt8] = (0..<tag.count).map { tag[$0] }
        // Reason: OpenSSL copies `count` bytes of the array.
        let isSet = unsafe copy.withUnsafeMutableBufferPointer {
            unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32($0.count), $0.baseAddress)
        }
        guard isSet == 1 else { throw .last("EVP_CIPHER_CTX_ctrl") }
        defer { ERR_clear_error() }
        return finish()
    }

    private func finish() -> Bool {
        // Reason: GCM writes nothing at the end; the buffer is OpenSSL's largest block.
        var (rest, written): (InlineArray<32, UInt8>, Int32) = (.init(repeating: 0), 0)
        var output = rest.mutableSpan
        return unsafe output.withUnsafeMutableBufferPointer {
            unsafe EVP_CipherFinal_ex(context, $0.baseAddress, &written) == 1
        }
    }
}
