internal import CLibCrypto

/// The two forms of an ECDSA signature: OpenSSL's DER, and JOSE's R‖S of fixed width (RFC 7518 section 3.4, rule SIG-1).
enum ECDSASignature {
    /// R‖S, each big-endian with leading zeros kept.
    static func raw(fromDER der: [UInt8], coordinateLength: Int) throws(OpenSSLError) -> [UInt8] {
        // Reason: d2i_ECDSA_SIG reads at most `count` bytes; the result is freed below.
        let decoded = unsafe der.withUnsafeBufferPointer { bytes in
            var position = bytes.baseAddress
            return unsafe d2i_ECDSA_SIG(nil, &position, bytes.count)
        }
        guard let decoded = unsafe decoded else { throw .last("d2i_ECDSA_SIG") }
        defer { unsafe ECDSA_SIG_free(decoded) }
        return try unsafe fixedWidth(ECDSA_SIG_get0_r(decoded), coordinateLength)
            + fixedWidth(ECDSA_SIG_get0_s(decoded), coordinateLength)
    }

    private static func fixedWidth(_ number: OpaquePointer?, _ length: Int) throws(OpenSSLError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: length)
        // Reason: BN_bn2binpad writes exactly `length` bytes.
        guard unsafe BN_bn2binpad(number, &bytes, Int32(length)) == Int32(length) else { throw .last("BN_bn2binpad") }
        return bytes
    }

    /// DER; nil unless the raw form has exactly twice the coordinate's length. OpenSSL refuses R or S outside 1…n−1.
    static func der(fromRaw raw: Span<UInt8>, coordinateLength: Int) -> [UInt8]? {
        guard raw.count == 2 * coordinateLength, let signature = unsafe ECDSA_SIG_new() else { return nil }
        defer { unsafe ECDSA_SIG_free(signature) }
        // Reason: each half is copied; ECDSA_SIG_set0 takes both numbers over.
        let isSet = unsafe raw.withUnsafeBufferPointer { bytes in
            let length = Int32(coordinateLength)
            let r = unsafe BN_bin2bn(bytes.baseAddress, length, nil)
            let s = unsafe BN_bin2bn(bytes.baseAddress.map { unsafe $0 + coordinateLength }, length, nil)
            if unsafe ECDSA_SIG_set0(signature, r, s) == 1 { return true }
            unsafe BN_free(r)
            unsafe BN_free(s)
            return false
        }
        guard isSet else { return nil }
        let count = Int(unsafe i2d_ECDSA_SIG(signature, nil))
        guard count > 0 else { return nil }
        var der = [UInt8](repeating: 0, count: count)
        let written = unsafe der.withUnsafeMutableBufferPointer { bytes in
            var position = bytes.baseAddress
            return unsafe i2d_ECDSA_SIG(signature, &position)
        }
        return written == Int32(count) ? der : nil
    }
}
