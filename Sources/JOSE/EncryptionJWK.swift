package import OpenSSL
package import StrictJSON

/// A JWK that encrypts other keys: `oct`, for A256GCM (RFC 7518 sections 5.3 and 6.4). Its octets stay in locked memory.
package struct EncryptionJWK: ~Copyable {
    package let keyID: ByteString
    /// 32 bytes.
    package let key: SecretBytes

    /// Reads a file that is one such JWK.
    ///
    /// - Throws: What makes it unusable. No error holds a value of the key.
    package init(_ file: borrowing SecretBytes) throws(JWKError) {
        let members = try file.withSpan { (bytes) throws(JWKError) in try Members(bytes) }
        guard let count = Base64URL.decodedCount(members.key.count) else { throw Self.notBase64URL }
        guard count == AES256GCM.keyLength else {
            throw .invalidMember("k", "is \(count) bytes long where A256GCM takes \(AES256GCM.keyLength)")
        }
        var key = try Self.allocate(count)
        let isDecoded = key.withMutableSpan { output in
            file.withSpan { Base64URL.decode($0.extracting(members.key), into: &output) }
        }
        guard isDecoded else { throw Self.notBase64URL }
        keyID = members.keyID
        self.key = key
    }

    /// Writes such a JWK, in locked memory.
    /// - Throws: `SecretMemoryError`.
    package static func write(_ key: borrowing SecretBytes, kid: ByteString) throws(SecretMemoryError) -> SecretBytes {
        var head: [UInt8] = []
        head.append("{\"kty\":\"oct\",\"alg\":\"A256GCM\",\"kid\":")
        head.appendJSONString(kid.bytes)
        head.append(",\"k\":\"")
        let end = Array("\"}\n".utf8)
        let tail = head.count + Base64URL.encodedCount(key.count)
        var text = try SecretBytes(count: tail + end.count)
        text.withMutableSpan { output in
            for offset in head.indices { output[offset] = head[offset] }
            key.withSpan { Base64URL.encode($0, into: &output, at: head.count) }
            for offset in end.indices { output[tail + offset] = end[offset] }
        }
        return text
    }

    private static let notBase64URL = JWKError.invalidMember("k", "must be base64url without padding")

    private static func allocate(_ count: Int) throws(JWKError) -> SecretBytes {
        do throws(SecretMemoryError) { return try SecretBytes(count: count) } catch { throw .outOfSecretMemory }
    }

    /// The members, checked one by one. Of the key, only where it stands.
    private struct Members {
        let keyID: ByteString
        let key: Range<Int>

        init(_ bytes: Span<UInt8>) throws(JWKError) {
            var index = JSONIndex()
            do throws(JSONError) { try index.read(bytes, maximumDepth: 32, indexedDepth: 1) } catch {
                throw JWKError(error)
            }
            guard index.root.kind == .object else { throw .notJSON(offset: nil) }
            var (keyType, algorithm, keyID, key): (JSONText?, JSONText?, JSONText?, JSONText?)
            var position = index.root.firstMember
            while position >= 0 {
                let member = index.members[position]
                position = member.next
                let (name, value) = (member.name, member.value)
                if name.equals("kty", in: bytes) {
                    keyType = value.text
                } else if name.equals("alg", in: bytes) {
                    algorithm = value.text
                } else if name.equals("kid", in: bytes) {
                    keyID = value.text
                } else if name.equals("k", in: bytes) {
                    key = value.text
                } else if name.equals("use", in: bytes) {
                    guard value.text?.equals("enc", in: bytes) == true else {
                        throw .invalidMember("use", "must be \"enc\": this key is meant for something else")
                    }
                } else if name.equals("key_ops", in: bytes) {
                    try Self.requireBothOperations(value, in: bytes)
                }
            }
            // A key for signatures in a KEK's place would be named by what it is for.
            guard keyType?.equals("oct", in: bytes) == true else { throw .invalidMember("kty", "must be \"oct\"") }
            guard algorithm?.equals("A256GCM", in: bytes) == true else {
                throw .invalidMember("alg", "must be \"A256GCM\": this key is meant for something else")
            }
            guard let keyID else { throw .missingMember("kid") }
            guard 1...JWKMembers.longestKeyID ~= keyID.unescapedCount(in: bytes) else {
                throw .invalidMember("kid", "must be a string of 1 to \(JWKMembers.longestKeyID) bytes")
            }
            guard let key else { throw .missingMember("k") }
            guard !key.hasEscapes else { throw EncryptionJWK.notBase64URL }
            self.keyID = ByteString(keyID.unescaped(in: bytes))
            self.key = key.start..<key.end
        }

        /// RFC 7517 section 4.3: a KEK both seals and opens.
        private static func requireBothOperations(_ value: JSONValue, in bytes: Span<UInt8>) throws(JWKError) {
            var (encrypts, decrypts) = (false, false)
            if value.kind == .array {
                var elements = JSONArrayReader(value)
                while let element = elements.next(in: bytes) {
                    if element.text?.equals("encrypt", in: bytes) == true { encrypts = true }
                    if element.text?.equals("decrypt", in: bytes) == true { decrypts = true }
                }
            }
            guard encrypts, decrypts else {
                throw .invalidMember(
                    "key_ops", "must hold \"encrypt\" and \"decrypt\": this key is meant for something else")
            }
        }
    }
}
