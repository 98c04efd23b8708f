import OpenSSL
import Testing

/// Rule SIG-1: an ECDSA signature is R‖S of one width, and nothing else.
@Suite struct ECDSATests {
    init() throws { try LockedMemory.open() }

    struct Case: Sendable {
        let curve: KeyPair.Curve
        let digest: String
        let order: [UInt8]
        let signatures: Int
        var scheme: SignatureScheme { .ecdsa(digest: digest, coordinateLength: curve.coordinateLength) }
    }

    // SEC 2 sections 2.4.2, 2.5.1 and 2.6.1.
    static let cases: [Case] = [
        Case(
            curve: .p256, digest: "SHA256",
            order: bytes("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"), signatures: 10_000),
        Case(
            curve: .p384, digest: "SHA384",
            order: bytes(
                "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973"),
            signatures: 512),
        Case(
            curve: .p521, digest: "SHA512",
            order: bytes(
                "01FF" + String(repeating: "F", count: 62)
                    + "FA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409"), signatures: 512),
    ]

    private static func bytes(_ text: String) -> [UInt8] {
        let digits = text.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    private let message = Array("header.payload".utf8)

    @Test("SIG-1 every signature has the exact width, leading zeros kept, and verifies", arguments: cases)
    func width(_ example: Case) throws {
        let context = try SignatureContext(KeyPair.generate(.ec(example.curve)), example.scheme)
        let length = example.curve.coordinateLength
        var leadingZeros = 0
        var seen: Set<[UInt8]> = []
        for number in 0..<example.signatures {
            let message = Array("message \(number)".utf8)
            let signature = try context.sign(message)
            guard signature.count == 2 * length, try context.verifies(signature, message) else {
                Issue.record("signature \(number) has \(signature.count) bytes, or does not verify")
                return
            }
            if signature[0] == 0 || signature[length] == 0 { leadingZeros += 1 }
            seen.insert(Array(signature.prefix(length)))
        }
        // One half in 256 begins with a zero, of P-521 every other: none among so many is out of the question.
        if example.curve != .p384 { #expect(leadingZeros > 20) }
        // A nonce used twice would give the key away.
        #expect(seen.count == example.signatures)
    }

    @Test("SIG-1 a signature is appended to what is there")
    func appends() throws {
        let context = try SignatureContext(KeyPair.generate(.ec(.p256)), Self.cases[0].scheme)
        var output: [UInt8] = [1, 2, 3]
        try context.sign(message.span, to: &output)
        #expect(output.prefix(3) == [1, 2, 3])
        #expect(output.count == 67)
        #expect(try context.verifies(Array(output.dropFirst(3)), message))
    }

    @Test("SIG-1 every other length is refused: one byte less, one more, half, none, zeros in front", arguments: cases)
    func otherLengths(_ example: Case) throws {
        let context = try SignatureContext(KeyPair.generate(.ec(example.curve)), example.scheme)
        let length = example.curve.coordinateLength
        let good = try context.sign(message)
        let (r, s) = (Array(good.prefix(length)), Array(good.suffix(length)))
        for bad in [
            Array(good.dropLast()), Array(good.dropFirst()), good + [0], [0] + good, r, [], [0] + r + [0] + s,
            good + good,
        ] {
            #expect(try !context.verifies(bad, message), "\(bad.count) bytes")
        }
        #expect(try context.verifies(good, message))
    }

    @Test("SIG-1 DER is refused, also when its length is padded to that of R‖S", arguments: cases)
    func der(_ example: Case) throws {
        let context = try SignatureContext(KeyPair.generate(.ec(example.curve)), example.scheme)
        let length = example.curve.coordinateLength
        let good = try context.sign(message)
        func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
            let number = Array(bytes.drop { $0 == 0 })
            let padded = (number.first ?? 0) & 0x80 == 0 ? number : [0] + number
            return [2, UInt8(padded.count)] + padded
        }
        let content = integer(good.prefix(length)) + integer(good.suffix(length))
        let der = [0x30] + (content.count < 128 ? [] : [0x81]) + [UInt8(content.count)] + content
        #expect(try !context.verifies(der, message))
        #expect(try !context.verifies(Array(der.prefix(2 * length)), message))
        #expect(try !context.verifies(Array(der.suffix(2 * length)), message))
    }

    @Test("SIG-1 R or S of 0, n, n + 1 or all ones is refused", arguments: cases)
    func range(_ example: Case) throws {
        let context = try SignatureContext(KeyPair.generate(.ec(example.curve)), example.scheme)
        let length = example.curve.coordinateLength
        let good = try context.sign(message)
        let (r, s) = (Array(good.prefix(length)), Array(good.suffix(length)))
        #expect(example.order.count == length)
        let next = example.order.dropLast() + [(example.order.last ?? 0) + 1]
        let zero = [UInt8](repeating: 0, count: length)
        for bad in [zero, example.order, Array(next), [UInt8](repeating: 0xFF, count: length)] {
            for signature in [bad + s, r + bad, bad + bad] { #expect(try !context.verifies(signature, message)) }
        }
        #expect(try !context.verifies(s + r, message))
        // 66 bytes have room for R + n and S + n, which are R and S modulo n.
        if example.curve == .p521 {
            #expect(try !context.verifies(Self.sum(r, example.order) + s, message))
            #expect(try !context.verifies(r + Self.sum(s, example.order), message))
        }
        #expect(try context.verifies(good, message))
    }

    private static func sum(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        var carry = 0
        return Array(
            zip(left, right).reversed().map { left, right in
                carry += Int(left) + Int(right)
                defer { carry >>= 8 }
                return UInt8(truncatingIfNeeded: carry)
            }.reversed())
    }

    @Test("SIG-1 no bit of signature or message may change", arguments: cases)
    func bits(_ example: Case) throws {
        let context = try SignatureContext(KeyPair.generate(.ec(example.curve)), example.scheme)
        let good = try context.sign(message)
        for position in good.indices {
            var bad = good
            bad[position] ^= 1 << (position % 8)
            #expect(try !context.verifies(bad, message))
        }
        #expect(try !context.verifies(good, message + [0]))
        #expect(try !context.verifies(good, []))
        let other = try SignatureContext(KeyPair.generate(.ec(example.curve)), example.scheme)
        #expect(try !other.verifies(good, message))
        #expect(try context.verifies(good, message))
    }
}
