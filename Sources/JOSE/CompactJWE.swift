package import OpenSSL
package import StrictJSON

/// A private JWK sealed under a key-encryption key: the compact serialization of a JWE (RFC 7516 section 7.1, RFC 7517
/// section 7), with `alg` "dir" and `enc` "A256GCM".
///
/// Reading decides nothing about keys: which KEK opens it, and which keyring it is for, is the caller's to ask. Both
/// stand in the protected header, which the tag covers.
package struct CompactJWE: Sendable {
    /// The `kid` of the key-encryption key.
    package let keyID: ByteString
    /// The name of the keyring that the key was sealed for.
    package let keyring: ByteString
    /// The header's base64url text, which is what the tag covers (RFC 7516 section 5.1 step 14).
    private let protectedHeader: [UInt8]
    private let nonce: [UInt8]
    private let ciphertext: [UInt8]
    private let tag: [UInt8]

    /// Takes a file apart. Nothing of it is secret.
    ///
    /// - Parameter file: The five segments; one line end behind them is passed over, as editors leave it.
    package init(_ file: Span<UInt8>) throws(JWEError) {
        let segments = try Self.segments(of: file)
        // RFC 7516 section 4.1.1 and RFC 7518 section 4.5: with "dir" there is no encrypted key. Told after the header
        // was read: of another algorithm it says more.
        let headerText = file.extracting(segments[0])
        let header = try JWEHeader(try Self.decode(headerText, .header))
        guard segments[1].isEmpty else { throw .encryptedKey }
        nonce = try Self.decode(file.extracting(segments[2]), .initializationVector)
        ciphertext = try Self.decode(file.extracting(segments[3]), .ciphertext)
        tag = try Self.decode(file.extracting(segments[4]), .tag)
        guard nonce.count == AES256GCM.nonceLength else {
            throw .wrongLength(.initializationVector, bytes: nonce.count, needs: AES256GCM.nonceLength)
        }
        guard tag.count == AES256GCM.tagLength else {
            throw .wrongLength(.tag, bytes: tag.count, needs: AES256GCM.tagLength)
        }
        var text: [UInt8] = []
        text.append(headerText)
        protectedHeader = text
        keyID = header.keyID
        keyring = header.keyring
    }

    /// What was sealed; nil when the tag does not fit: another key, or a byte that was changed.
    ///
    /// - Throws: `OpenSSLError` or `SecretMemoryError`.
    package func open(with key: borrowing SecretBytes) throws -> SecretBytes? {
        try AES256GCM.open(
            ciphertext.span, tag: tag.span, nonce: nonce.span, key: key, authenticating: protectedHeader.span)
    }

    /// Seals a private JWK; the text of its file, without a line end: other programs do not take one.
    ///
    /// - Parameter keyID: The `kid` of `key`.
    package static func seal(
        _ jwk: borrowing SecretBytes, with key: borrowing SecretBytes, keyID: ByteString, keyring: ByteString
    ) throws(OpenSSLError) -> [UInt8] {
        let header = JWEHeader.write(keyID: keyID, keyring: keyring)
        var text: [UInt8] = []
        Base64URL.append(header.span, to: &text)
        let sealed = try AES256GCM.seal(jwk, key: key, authenticating: text.span)
        text.append("..")
        Base64URL.append(sealed.nonce.span, to: &text)
        text.append(".")
        Base64URL.append(sealed.ciphertext.span, to: &text)
        text.append(".")
        Base64URL.append(sealed.tag.span, to: &text)
        return text
    }

    /// Exactly five (RFC 7516 section 7.1).
    private static func segments(of file: Span<UInt8>) throws(JWEError) -> [Range<Int>] {
        var end = file.count
        if end > 0, file[end - 1] == UInt8(ascii: "\n") { end -= 1 }
        if end < file.count, end > 0, file[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        // RFC 7516 section 7.2.
        if end > 0, file[0] == UInt8(ascii: "{") { throw .jsonSerialization }
        var segments: [Range<Int>] = []
        var start = 0
        for position in 0..<end where file[position] == UInt8(ascii: ".") {
            segments.append(start..<position)
            start = position + 1
        }
        segments.append(start..<end)
        guard segments.count == 5 else { throw .segments(segments.count) }
        return segments
    }

    private static func decode(_ text: Span<UInt8>, _ segment: JWEError.Segment) throws(JWEError) -> [UInt8] {
        guard let bytes = Base64URL.decode(text) else { throw .notBase64URL(segment) }
        return bytes
    }
}
