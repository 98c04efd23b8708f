internal import CLibCrypto

/// SHA-256 of public bytes (RFC 7638 thumbprints). Not for secrets: the result is an array.
package func sha256(_ bytes: Span<UInt8>) throws(OpenSSLError) -> [UInt8] {
    var hash = [UInt8](repeating: 0, count: 32)
    // Reason: OpenSSL reads `count` bytes and writes 32.
    let isDone = unsafe bytes.withUnsafeBufferPointer {
        unsafe EVP_Digest($0.baseAddress, $0.count, &hash, nil, EVP_sha256(), nil)
    }
    guard isDone == 1 else { throw .last("EVP_Digest") }
    return hash
}
