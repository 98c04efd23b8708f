import OpenSSL
import Testing

@Suite struct AES256GCMTests {
    init() throws { try LockedMemory.open() }

    private static func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = Array(hexadecimal)
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    }

    /// Test case 16 of "The Galois/Counter Mode of Operation" (McGrew and Viega), which SP 800-38D refers to.
    private static let key = bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
    private static let header = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    private static let nonce = bytes("cafebabefacedbaddecaf888")
    private static let plaintext = bytes(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39")
    private static let ciphertext = bytes(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
            + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662")
    private static let tag = bytes("76fc6ece0f4e1768cddf8853bb2d551b")

    private func open(
        _ ciphertext: [UInt8] = Self.ciphertext, tag: [UInt8] = Self.tag, nonce: [UInt8] = Self.nonce,
        key: [UInt8] = Self.key, header: [UInt8] = Self.header
    ) throws -> [UInt8]? {
        let secret = try AES256GCM.open(
            ciphertext.span, tag: tag.span, nonce: nonce.span, key: SecretBytes(copying: key),
            authenticating: header.span)
        guard let secret else { return nil }
        return secret.copy
    }

    private func seal(_ plaintext: [UInt8], header: [UInt8] = []) throws -> AES256GCM.Sealed {
        try AES256GCM.seal(
            SecretBytes(copying: plaintext), key: SecretBytes(copying: Self.key), authenticating: header.span)
    }

    @Test("SEAL-1 the published test case opens")
    func vector() throws {
        #expect(try open() == Self.plaintext)
    }

    @Test("SEAL-1 one bit changed anywhere, and nothing comes out")
    func flips() throws {
        for position in 0..<8 * Self.ciphertext.count {
            var changed = Self.ciphertext
            changed[position / 8] ^= 1 << (position % 8)
            #expect(try open(changed) == nil)
        }
        for position in 0..<8 * Self.tag.count {
            var changed = Self.tag
            changed[position / 8] ^= 1 << (position % 8)
            #expect(try open(tag: changed) == nil)
        }
        var (nonce, key, header) = (Self.nonce, Self.key, Self.header)
        nonce[11] ^= 1
        key[31] ^= 0x80
        header[0] ^= 1
        #expect(try open(nonce: nonce) == nil)
        #expect(try open(key: key) == nil)
        #expect(try open(header: header) == nil)
        #expect(try open(header: []) == nil)
        #expect(try open(Self.ciphertext.dropLast()) == nil)
    }

    @Test("SEAL-1 a shortened tag and a nonce of another length are refused", arguments: [0, 4, 11, 13, 15, 17])
    func lengths(_ count: Int) throws {
        #expect(try open(tag: Array((Self.tag + [0]).prefix(count))) == nil)
        #expect(try open(nonce: Array((Self.nonce + Self.nonce).prefix(count))) == nil)
    }

    @Test("SEAL-3 a key of another length is an error", arguments: [0, 16, 31, 33])
    func keyLengths(_ count: Int) throws {
        #expect(throws: OpenSSLError.self) { try open(key: [UInt8](repeating: 1, count: count)) }
        #expect(throws: OpenSSLError.self) {
            try AES256GCM.seal(
                SecretBytes(copying: [1]), key: SecretBytes(count: count), authenticating: [UInt8]().span)
        }
    }

    @Test("what is sealed opens again, of any length", arguments: [0, 1, 15, 16, 17, 400, 48_000])
    func roundTrip(_ count: Int) throws {
        let plaintext = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let sealed = try seal(plaintext, header: Self.header)
        #expect(sealed.nonce.count == 12)
        #expect(sealed.tag.count == 16)
        #expect(sealed.ciphertext.count == count)
        #expect(count < 15 || sealed.ciphertext != plaintext)
        #expect(try open(sealed.ciphertext, tag: sealed.tag, nonce: sealed.nonce) == plaintext)
    }

    @Test("SEAL-1 no nonce comes twice")
    func nonces() throws {
        let nonces = try (0..<1_000).map { _ in try seal([1]).nonce }
        #expect(Set(nonces).count == 1_000)
    }
}
