import OpenSSL
import Synchronization
import Testing

@Suite struct HMACTests {
    init() throws { try LockedMemory.open() }

    private static func tag(_ context: HMACContext, _ message: [UInt8]) throws -> [UInt8] {
        var tag = HMACTag()
        try context.authenticate(message.span, into: &tag)
        return (0..<context.tagLength).map { tag.bytes[$0] }
    }

    private func tag(_ digest: String, key: [UInt8], _ message: [UInt8]) throws -> [UInt8] {
        try Self.tag(HMACKey(SecretBytes(copying: key), digest: digest).makeContext(), message)
    }

    @Test("SIG-3 RFC 4231: test cases 1 to 4, 6 and 7", arguments: RFC4231.cases)
    func vectors(_ vector: RFC4231.Case) throws {
        let (key, message) = (vector.key, vector.message)
        for (digest, expected) in [("SHA256", vector.sha256), ("SHA384", vector.sha384), ("SHA512", vector.sha512)] {
            #expect(try hexadecimal(tag(digest, key: key, message)) == expected)
        }
    }

    @Test("a context is good for any number of messages, in any order, of any length")
    func reuse() throws {
        let key = (0..<64).map { UInt8($0) }
        let context = try HMACKey(SecretBytes(copying: key), digest: "SHA512").makeContext()
        #expect(context.tagLength == 64)
        for count in [360, 0, 1, 127, 128, 129, 70_000, 0, 360] {
            let message = [UInt8](repeating: 0x61, count: count)
            #expect(try Self.tag(context, message) == tag("SHA512", key: key, message))
        }
    }

    @Test("a context outlives its key object, and other contexts of it")
    func lifetimes() throws {
        var key: HMACKey? = try HMACKey(SecretBytes(copying: [1, 2, 3]), digest: "SHA256")
        let context = try #require(try key?.makeContext())
        do {
            let other = try #require(try key?.makeContext())
            #expect(try Self.tag(other, [9]) == Self.tag(context, [9]))
        }
        key = nil
        #expect(try Self.tag(context, [9]) == tag("SHA256", key: [1, 2, 3], [9]))
    }

    @Test("contexts of one key agree on every thread")
    func threads() throws {
        let key = try HMACKey(SecretBytes(copying: Array(repeating: 7, count: 64)), digest: "SHA512")
        let messages = (0..<200).map { [UInt8](repeating: UInt8($0), count: $0 * 3) }
        let context = try key.makeContext()
        let expected = try messages.map { try Self.tag(context, $0) }
        let agreements = Mutex(0)
        try onNewThreads(8) {
            guard let context = try? key.makeContext() else { return }
            let tags = messages.map { try? Self.tag(context, $0) }
            if tags == expected { agreements.withLock { $0 += 1 } }
        }
        #expect(agreements.withLock { $0 } == 8)
    }

    @Test("SIG-3 a tag is verified as a whole: every bit and the length count")
    func verify() throws {
        let message: [UInt8] = Array("header.payload".utf8)
        let context = try HMACKey(SecretBytes(copying: [1]), digest: "SHA256").makeContext()
        let good = try Self.tag(context, message)
        func verifies(_ tag: [UInt8], _ message: [UInt8]) throws -> Bool {
            try context.verify(tag.span, of: message.span)
        }
        #expect(try verifies(good, message))
        for bit in 0..<256 {
            var tag = good
            tag[bit / 8] ^= 1 << (bit % 8)
            #expect(try !verifies(tag, message))
        }
        for length in 0..<32 { #expect(try !verifies(Array(good.prefix(length)), message)) }
        #expect(try !verifies(good + [0], message))
        #expect(try !verifies(good + good, message))
        #expect(try !verifies(good, message + [0]))
        #expect(try !verifies(good, []))
    }

    @Test("an unknown hash is an error", arguments: ["", "SHA257", "none", "sha"])
    func unknownHash(_ digest: String) {
        #expect(throws: OpenSSLError.self) { try HMACKey(SecretBytes(count: 32), digest: digest) }
    }

    @Test(
        "sequences are equal when length and every byte are",
        arguments: [
            ([], [], true), ([1], [1], true), ([1, 2, 3], [1, 2, 3], true), ([], [0], false), ([1], [2], false),
            ([1, 2], [1, 3], false), ([2, 1], [3, 1], false), ([1], [1, 0], false), ([0x80], [0], false),
        ] as [([UInt8], [UInt8], Bool)])
    func constantTime(_ left: [UInt8], _ right: [UInt8], _ isEqual: Bool) throws {
        let areEqual = (constantTimeEqual(left.span, right.span), constantTimeEqual(right.span, left.span))
        #expect(areEqual == (isEqual, isEqual))
        let secrets = try SecretBytes.areEqual(SecretBytes(copying: left), SecretBytes(copying: right))
        #expect(secrets == isEqual)
    }
}
