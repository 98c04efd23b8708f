import CLibCrypto
import Testing

@testable import OpenSSL

@Suite struct SecretBytesTests {
    init() throws { try LockedMemory.open() }

    @Test(
        "a secret begins as zeros, also in memory that was used before", arguments: [0, 1, 16, 17, 64, 1_000, 65_537])
    func zeros(_ count: Int) throws {
        for _ in 0..<3 {
            var secret = try SecretBytes(count: count)
            #expect(secret.count == count)
            #expect(secret.copy == [UInt8](repeating: 0, count: count))
            secret.withMutableSpan { span in for index in span.indices { span[index] = 0xA5 } }
            #expect(secret.copy == [UInt8](repeating: 0xA5, count: count))
        }
    }

    @Test("a secret is shortened, never lengthened")
    func truncate() throws {
        var secret = try SecretBytes(copying: [1, 2, 3, 4])
        secret.truncate(to: 4)
        secret.truncate(to: 2)
        #expect(secret.copy == [1, 2])
        secret.truncate(to: 0)
        #expect(secret.count == 0)
        #expect(secret.copy.isEmpty)
    }

    @Test("secrets are equal when length and every byte are")
    func areEqual() throws {
        var longer = try SecretBytes(copying: [1, 2, 3])
        let shorter = try SecretBytes(copying: [1, 2])
        let before = SecretBytes.areEqual(longer, shorter)
        longer.truncate(to: 2)
        let after = SecretBytes.areEqual(longer, shorter)
        #expect(!before)
        #expect(after)
    }

    @Test(
        "an impossible size is an error, not a crash", arguments: [-1, .min, 1 << 20, 1 << 31, 1 << 32, 1 << 40, .max])
    func impossible(_ count: Int) {
        #expect(throws: SecretMemoryError.exhausted) { _ = try SecretBytes(count: count) }
    }

    @Test("each failure says what to do")
    func descriptions() {
        #expect(SecretMemoryError.exhausted.description == "the locked memory for secrets is full")
        #expect(SecretMemoryError.notLocked(bytes: 9, errno: 12).description.contains("LimitMEMLOCK="))
        #expect(SecretMemoryError.notMapped(bytes: 9, errno: 12).description.contains("9 bytes"))
    }

    @Test("an error of OpenSSL names the call and the reason, and leaves no error behind")
    func errorQueue() {
        #expect(throws: OpenSSLError(call: "EVP_MAC_init", reason: "message digest is null")) {
            try HMACKey(SecretBytes(count: 32), digest: "no such hash")
        }
        #expect(ERR_peek_error() == 0)
        #expect(OpenSSLError(call: "X", reason: "why").description == "X failed: why")
        #expect(OpenSSLError(call: "X", reason: nil).description == "X failed")
    }

    // Random bytes.

    private func draw(_ pool: RandomPool, _ count: Int) throws -> [UInt8] {
        try pool.draw(count) { span in span.indices.map { span[$0] } }
    }

    @Test("CLM-7 100,000 draws of 128 bits are distinct, across 390 refills")
    func distinct() throws {
        let pool = try RandomPool()
        var seen: Set<[UInt8]> = []
        for _ in 0..<100_000 { seen.insert(try draw(pool, 16)) }
        #expect(seen.count == 100_000)
    }

    @Test("draws of any size up to the pool's are filled to the last byte", arguments: [1, 7, 17, 1_000, 4_095, 4_096])
    func refill(_ count: Int) throws {
        let pool = try RandomPool()
        // Each byte position is seen other than zero before long; one that is never filled stays zero.
        var seen = [UInt8](repeating: 0, count: count)
        for _ in 0..<40 {
            let bytes = try draw(pool, count)
            try #require(bytes.count == count)
            for index in bytes.indices { seen[index] |= bytes[index] }
        }
        #expect(!seen.contains(0))
        #expect(try draw(pool, 0).isEmpty)
    }

    @Test("two pools, and two fills of one secret, differ")
    func independent() throws {
        #expect(try draw(RandomPool(), 16) != draw(RandomPool(), 16))
        var secret = try SecretBytes(count: 64)
        try fillRandom(&secret)
        let first = secret.copy
        try fillRandom(&secret)
        #expect(secret.copy != first)
        #expect(first != [UInt8](repeating: 0, count: 64))
    }
}
