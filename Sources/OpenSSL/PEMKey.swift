internal import CLibCrypto

/// Why a PEM file holds no key that can be used.
package enum PEMError: Error, Equatable, Sendable {
    /// Neither a private nor a public key in it.
    case noKey
    /// It is encrypted, and no passphrase was given.
    case needsPassphrase
    case wrongPassphrase
    /// A key of a type that JOSE does not use.
    case unsupported
    /// It may hold a good key: the locked memory had no room to read it, or to open it with its passphrase. For scrypt
    /// (RFC 7914) there never is: it takes one block of 16 MiB and more, and the arena's largest is 1 MiB.
    case outOfSecretMemory(whileOpening: Bool)
}

extension KeyPair {
    /// Reads the first key of a PEM file in locked memory: PKCS#8 (encrypted too), SEC 1, PKCS#1, or the public half
    /// alone as SubjectPublicKeyInfo (RFC 7468, RFC 5958, RFC 5915, RFC 8017).
    ///
    /// - Parameter passphrase: Empty for none.
    package static func read(
        pem: borrowing SecretBytes, passphrase: borrowing SecretBytes
    ) throws(PEMError) -> KeyPair {
        var request = PassphraseRequest(count: passphrase.count)
        return try SecretMemory.requiringEnough(
            orThrow: .outOfSecretMemory(whileOpening: request.wasAsked && passphrase.count > 0)
        ) { () throws(PEMError) in try find(in: pem, passphrase, &request) }
    }

    private static func find(
        in pem: borrowing SecretBytes, _ passphrase: borrowing SecretBytes, _ request: inout PassphraseRequest
    ) throws(PEMError) -> KeyPair {
        if let pair = try readPrivate(pem, passphrase, &request) { return pair }
        if request.wasAsked { throw passphrase.count > 0 ? .wrongPassphrase : .needsPassphrase }
        if let pair = try readPublic(pem) { return pair }
        throw .noKey
    }

    private static func readPrivate(
        _ pem: borrowing SecretBytes, _ passphrase: borrowing SecretBytes, _ request: inout PassphraseRequest
    ) throws(PEMError) -> KeyPair? {
        defer { ERR_clear_error() }
        let key = unsafe passphrase.withUnsafePointer { text -> OpaquePointer? in
            unsafe request.text = text
            return unsafe withReader(of: pem) { reader in
                // Reason: the callback is called within this call alone, with a pointer to the request.
                unsafe withUnsafeMutablePointer(to: &request) { request in
                    unsafe PEM_read_bio_PrivateKey(reader, nil, providePassphrase, request)
                }
            }
        }
        guard let key = unsafe key else { return nil }
        return try unsafe own(key, isPrivate: true)
    }

    private static func readPublic(_ pem: borrowing SecretBytes) throws(PEMError) -> KeyPair? {
        defer { ERR_clear_error() }
        let key = unsafe withReader(of: pem) { unsafe PEM_read_bio_PUBKEY($0, nil, nil, nil) }
        guard let key = unsafe key else { return nil }
        return try unsafe own(key, isPrivate: false)
    }

    private static func own(_ key: OpaquePointer, isPrivate: Bool) throws(PEMError) -> KeyPair {
        do throws(OpenSSLError) { return try unsafe KeyPair(owning: key, hasPrivateHalf: isPrivate) } catch {
            throw .unsupported
        }
    }

    private static func withReader(
        of pem: borrowing SecretBytes, _ body: (OpaquePointer?) -> OpaquePointer?
    ) -> OpaquePointer? {
        let count = pem.count
        // Reason: the BIO reads the secret in place, for the time of the call.
        return unsafe pem.withUnsafePointer { text in
            guard let reader = unsafe BIO_new_mem_buf(text, Int32(count)) else { return nil }
            defer { unsafe BIO_free(reader) }
            return unsafe body(reader)
        }
    }
}

/// What OpenSSL's question for a passphrase is answered with. Without a callback it would ask the terminal.
@safe private struct PassphraseRequest {
    var text: UnsafePointer<UInt8>?
    let count: Int
    var wasAsked = false

    init(count: Int) { self.count = count }
}

private func providePassphrase(
    _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: Int32, _ isWriting: Int32, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let buffer = unsafe buffer, let context = unsafe context else { return -1 }
    let request = unsafe context.assumingMemoryBound(to: PassphraseRequest.self)
    unsafe request.pointee.wasAsked = true
    let count = unsafe request.pointee.count
    guard count > 0, count <= Int(capacity), let text = unsafe request.pointee.text else { return -1 }
    // Reason: `count` bytes were read from the passphrase, and fit the buffer.
    unsafe UnsafeMutableRawPointer(buffer).copyMemory(from: text, byteCount: count)
    return Int32(count)
}
