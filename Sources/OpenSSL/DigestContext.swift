internal import CLibCrypto

/// Computes SHA-256 of public bytes, again and again without asking for memory. Belongs to one thread; not to be shared.
@safe package final class DigestContext {
    private let context: OpaquePointer
    /// Fetched once: a fetch costs more than a digest.
    private let algorithm: OpaquePointer

    /// 32 bytes as four numbers, in the machine's order: to be compared, not to be shown.
    package struct SHA256: Equatable, Sendable {
        package var words = InlineArray<4, UInt64>(repeating: 0)

        package static func == (left: Self, right: Self) -> Bool {
            left.words[0] == right.words[0] && left.words[1] == right.words[1] && left.words[2] == right.words[2]
                && left.words[3] == right.words[3]
        }

        package init() {}
    }

    package init() throws(OpenSSLError) {
        // Reason: both are owned by this object, and freed at its end.
        guard let algorithm = unsafe EVP_MD_fetch(nil, "SHA256", nil) else { throw .last("EVP_MD_fetch") }
        guard let context = unsafe EVP_MD_CTX_new() else {
            unsafe EVP_MD_free(algorithm)
            throw .last("EVP_MD_CTX_new")
        }
        unsafe self.context = context
        unsafe self.algorithm = algorithm
    }

    deinit {
        unsafe EVP_MD_CTX_free(context)
        unsafe EVP_MD_free(algorithm)
    }

    /// The digest of three pieces, one behind another.
    package func sha256(
        _ first: [UInt8], _ second: [UInt8], _ third: Span<UInt8>
    ) throws(OpenSSLError) -> SHA256 {
        let (context, algorithm) = unsafe (context, algorithm)
        var result = SHA256()
        guard unsafe EVP_DigestInit_ex2(context, algorithm, nil) == 1, update(first.span), update(second.span),
            update(third)
        else { throw .last("EVP_Digest") }
        // Reason: OpenSSL writes 32 bytes into the four numbers of this frame.
        let isDone = unsafe withUnsafeMutableBytes(of: &result.words) {
            unsafe EVP_DigestFinal_ex(context, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), nil)
        }
        guard isDone == 1 else { throw .last("EVP_DigestFinal_ex") }
        return result
    }

    private func update(_ bytes: Span<UInt8>) -> Bool {
        let context = unsafe context
        // Reason: OpenSSL reads `count` bytes of memory that lives for the call.
        return unsafe bytes.withUnsafeBufferPointer {
            unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) == 1
        }
    }
}
