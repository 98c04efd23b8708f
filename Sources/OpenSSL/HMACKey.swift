internal import CLibCrypto

/// A key for HMAC (RFC 2104), in OpenSSL's keyed form, in the arena.
///
/// The key is absorbed once, by the thread that loads it. Each event loop then has a context of its own, copied from
/// this one: no lock, no fetch and no key schedule per signature, and no key byte on a loop's stack.
@safe package final class HMACKey: @unchecked Sendable {
    // Reason for @unchecked: after `init` the context is only read, by EVP_MAC_CTX_dup.
    private let keyed: OpaquePointer
    /// Bytes of a tag.
    package let tagLength: Int

    /// - Parameter digest: OpenSSL's name of the hash: "SHA256", "SHA384", "SHA512".
    package init(_ secret: borrowing SecretBytes, digest: String) throws(OpenSSLError) {
        guard let algorithm = unsafe EVP_MAC_fetch(nil, "HMAC", nil) else { throw .last("EVP_MAC_fetch") }
        // The context holds the algorithm too.
        defer { unsafe EVP_MAC_free(algorithm) }
        guard let context = unsafe EVP_MAC_CTX_new(algorithm) else { throw .last("EVP_MAC_CTX_new") }
        unsafe keyed = context
        let count = secret.count
        var name = Array(digest.utf8CString)
        // OSSL_MAC_PARAM_DIGEST. The macro itself would be a copy that ends before OpenSSL reads it.
        let parameter: StaticString = "digest"
        // Reason: OpenSSL reads the names and `count` bytes of the secret during the call.
        let isReady = unsafe name.withUnsafeMutableBufferPointer { name in
            let parameters = unsafe [
                OSSL_PARAM_construct_utf8_string(parameter.cString, name.baseAddress, 0),
                OSSL_PARAM_construct_end(),
            ]
            return unsafe secret.withUnsafePointer { unsafe EVP_MAC_init(context, $0, count, parameters) }
        }
        tagLength = unsafe EVP_MAC_CTX_get_mac_size(context)
        guard isReady == 1, tagLength > 0, tagLength <= HMACTag.capacity else { throw .last("EVP_MAC_init") }
    }

    deinit { unsafe EVP_MAC_CTX_free(keyed) }

    /// A context for one event loop.
    package func makeContext() throws(OpenSSLError) -> HMACContext {
        // Reason: the copy is a context of its own, owned by what is returned.
        guard let copy = unsafe EVP_MAC_CTX_dup(keyed) else { throw .last("EVP_MAC_CTX_dup") }
        return unsafe HMACContext(owning: copy, tagLength: tagLength)
    }
}

/// A tag that a `HMACContext` computed: its first `tagLength` bytes.
package struct HMACTag {
    /// The longest tag there is, of SHA-512.
    package static let capacity = 64
    package var bytes = InlineArray<64, UInt8>(repeating: 0)
    package init() {}
}

/// Computes tags under one key. Belongs to one event loop; not to be shared.
@safe package final class HMACContext {
    private let context: OpaquePointer
    package let tagLength: Int

    fileprivate init(owning context: OpaquePointer, tagLength: Int) {
        unsafe self.context = context
        self.tagLength = tagLength
    }

    deinit { unsafe EVP_MAC_CTX_free(context) }

    /// Computes the tag of `message`. Allocates nothing.
    package func authenticate(_ message: Span<UInt8>, into tag: inout HMACTag) throws(OpenSSLError) {
        let (context, tagLength) = unsafe (context, tagLength)
        // Reason: a null key keeps the key; OpenSSL reads the message and writes at most `capacity` bytes of the tag.
        let isDone = unsafe message.withUnsafeBufferPointer { message in
            var tagBytes = tag.bytes.mutableSpan
            return unsafe tagBytes.withUnsafeMutableBufferPointer { output in
                var length = 0
                guard unsafe EVP_MAC_init(context, nil, 0, nil) == 1,
                    unsafe EVP_MAC_update(context, message.baseAddress, message.count) == 1,
                    unsafe EVP_MAC_final(context, output.baseAddress, &length, output.count) == 1
                else { return false }
                return length == tagLength
            }
        }
        guard isDone else { throw .last("EVP_MAC") }
    }

    /// Whether `candidate` is the tag of `message`, compared in constant time (rule SIG-3).
    package func verify(_ candidate: Span<UInt8>, of message: Span<UInt8>) throws(OpenSSLError) -> Bool {
        var expected = HMACTag()
        try authenticate(message, into: &expected)
        guard candidate.count == tagLength else { return false }
        return constantTimeEqual(candidate, expected.bytes.span.extracting(0..<tagLength))
    }
}

/// Whether two byte sequences are the same, in a time that depends on their length alone.
package func constantTimeEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    // Reason: both spans hold `count` bytes for the call.
    return unsafe left.withUnsafeBufferPointer { left in
        unsafe right.withUnsafeBufferPointer { right in
            unsafe CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0
        }
    }
}
