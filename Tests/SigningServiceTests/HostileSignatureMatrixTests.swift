import JOSE
import Keys
import OpenSSL
import SigningService
import StrictJSON
import Testing

/// Each algorithm against signatures and encodings that are almost right.
@Suite struct HostileSignatureMatrixTests {
    /// Header, payload and decoded signature of a sound token.
    private func sound(_ matrix: HostileMatrix) throws -> (covered: String, signature: [UInt8]) {
        let parts = try segments(matrix.token())
        return (parts[0] + "." + parts[1], try decoded(parts[2]).bytes)
    }

    @Test("SIG-1 SIG-3 a signature of another length, or of one value, is bad", arguments: Algorithm.allCases)
    func lengths(_ algorithm: Algorithm) throws {
        let matrix = try HostileMatrix(algorithm)
        let (covered, signature) = try sound(matrix)
        let count = signature.count
        let forged: [(what: String, bytes: [UInt8])] = [
            ("last byte cut", Array(signature.dropLast())), ("first byte cut", Array(signature.dropFirst())),
            ("half", Array(signature.prefix(count / 2))), ("one byte", Array(signature.prefix(1))),
            ("zero behind", signature + [0]), ("zero before", [0] + signature), ("twice", signature + signature),
            ("1,000 zeros behind", signature + Array(repeating: 0, count: 1_000)),
            ("halves exchanged", Array(signature.suffix(count - count / 2)) + signature.prefix(count / 2)),
            ("reversed", Array(signature.reversed())), ("all zero", Array(repeating: 0, count: count)),
            ("all ones", Array(repeating: 255, count: count)),
            ("one", Array(repeating: 0, count: count - 1) + [1]),
        ]
        for (what, changed) in forged {
            try matrix.expect("bad_signature", covered + "." + base64URL(changed), what)
        }
        try matrix.expect("ok", covered + "." + base64URL(signature), "unchanged")
    }

    @Test("SIG-1 DER, and R or S outside 1…n−1, are refused", arguments: [Algorithm.es256, .es384, .es512])
    func ranges(_ algorithm: Algorithm) throws {
        let matrix = try HostileMatrix(algorithm)
        let (covered, signature) = try sound(matrix)
        let half = signature.count / 2
        let (r, s) = (Array(signature[..<half]), Array(signature[half...]))
        let order = try #require(Self.orders[algorithm])
        #expect(order.count == half)
        let zero = [UInt8](repeating: 0, count: half)
        let encoded = der(0x30, derInteger(r) + derInteger(s))
        var forged: [(what: String, bytes: [UInt8])] = [
            ("DER", encoded), ("R = 0", zero + s), ("S = 0", r + zero), ("R = S = 0", zero + zero),
            ("R = n", order + s),
            ("S = n", r + order), ("R = S = n", order + order), ("R = S", r + r), ("exchanged", s + r),
        ]
        // DER in the width of a raw signature, cut or filled.
        forged.append(("DER cut", Array(encoded.prefix(2 * half))))
        // Where n leaves room, the same number again: x + n.
        if let sum = Self.sum(r, order) { forged.append(("R + n", sum + s)) }
        if let sum = Self.sum(s, order) { forged.append(("S + n", r + sum)) }
        for (what, changed) in forged { try matrix.expect("bad_signature", covered + "." + base64URL(changed), what) }
        try matrix.expect("ok", covered + "." + base64URL(r + s), "unchanged")
    }

    @Test(
        "SIG-3 an Edwards signature whose S is not reduced is refused", arguments: [Algorithm.edDSA, .ed25519, .ed448])
    func malleability(_ algorithm: Algorithm) throws {
        let matrix = try HostileMatrix(algorithm)
        let (covered, signature) = try sound(matrix)
        let half = signature.count / 2
        let order = try #require(algorithm == .ed448 ? Self.ed448Order : Self.ed25519Order)
        // RFC 8032 section 5.1.7: S is little-endian, and decoding it fails when it is L or more.
        let sum = Self.sum(signature[half...].reversed(), Array(repeating: 0, count: half - order.count) + order)
        let unreduced = Array(signature[..<half] + (try #require(sum)).reversed())
        #expect(unreduced.count == signature.count)
        try matrix.expect("bad_signature", covered + "." + base64URL(unreduced), "S + L")
        try matrix.expect("ok", covered + "." + base64URL(signature), "unchanged")
    }

    @Test("B64-1 each segment is canonical base64url, also when its signature fits", arguments: Algorithm.allCases)
    func encodings(_ algorithm: Algorithm) throws {
        let matrix = try HostileMatrix(algorithm)
        // Lengths that leave unused bits in header and payload.
        let header = Self.padded { matrix.header(("x", "\"\($0)\"")) }
        let payload = Self.padded { HostileToken.claims([("sub", "\"\($0)\"")]) }
        let (h, p) = (base64URL(header), base64URL(payload))
        try matrix.expect("ok", signature(over: h + "." + p, by: matrix.own), "unchanged")
        for change in Self.spoilers {
            try matrix.expect(
                "malformed", signature(over: change.apply(h) + "." + p, by: matrix.own), "header \(change.what)")
            try matrix.expect(
                "malformed", signature(over: h + "." + change.apply(p), by: matrix.own), "payload \(change.what)")
            let parts = try segments(signature(over: h + "." + p, by: matrix.own))
            if change.needsUnusedBits, parts[2].utf8.count % 4 == 0 { continue }
            try matrix.expect("malformed", h + "." + p + "." + change.apply(parts[2]), "signature \(change.what)")
        }
    }

    @Test(
        "SIG-3 the signature covers header and payload: parts of two tokens do not mix", arguments: Algorithm.allCases)
    func mixed(_ algorithm: Algorithm) throws {
        let matrix = try HostileMatrix(algorithm)
        let first = try segments(matrix.token())
        let second = try segments(matrix.token(matrix.header(("x", "1")), [("admin", "true")]))
        for (header, payload, signature) in [
            (first, second, first), (second, first, first), (first, first, second), (second, second, first),
            (first, second, second), (second, first, second),
        ] { try matrix.expect("bad_signature", header[0] + "." + payload[1] + "." + signature[2], "mixed") }
    }

    private struct Spoiler: Sendable {
        let what: String
        var needsUnusedBits = false
        let apply: @Sendable (String) -> String
    }

    private static let spoilers: [Spoiler] = [
        Spoiler(what: "with =") { $0 + "=" }, Spoiler(what: "with ==") { $0 + "==" },
        Spoiler(what: "with LF") { $0 + "\n" }, Spoiler(what: "with CR LF") { $0 + "\r\n" },
        Spoiler(what: "with NUL") { $0 + "\u{0}" }, Spoiler(what: "space before") { " " + $0 },
        Spoiler(what: "with +") { "+" + $0.dropFirst() }, Spoiler(what: "with /") { $0.dropLast() + "/" },
        Spoiler(what: "with %3D") { $0 + "%3D" }, Spoiler(what: "with é") { $0.dropLast() + "é" },
        Spoiler(what: "of an impossible length") { $0 + String(repeating: "A", count: (5 - $0.utf8.count % 4) % 4) },
        Spoiler(what: "with unused bits", needsUnusedBits: true) { text in
            let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
            guard let last = text.last, let value = alphabet.firstIndex(of: last) else { return "" }
            return text.dropLast() + String(alphabet[value | 1])
        },
    ]

    /// The first text whose length is one more than a multiple of three.
    private static func padded(_ text: (String) -> String) -> String {
        let texts = (1...3).map { text(String(repeating: "x", count: $0)) }
        return texts.first { $0.utf8.count % 3 == 1 } ?? ""
    }

    /// Big-endian, of the same width; nil where it does not fit.
    private static func sum(_ left: some Collection<UInt8>, _ right: [UInt8]) -> [UInt8]? {
        var sum: [UInt8] = []
        var carry = 0
        for (a, b) in zip(left.reversed(), right.reversed()) {
            carry += Int(a) + Int(b)
            sum.insert(UInt8(carry & 255), at: 0)
            carry >>= 8
        }
        return carry == 0 ? sum : nil
    }

    /// SEC 2 sections 2.4.2, 2.5.1 and 2.6.1.
    private static let orders: [Algorithm: [UInt8]] = [
        .es256: bytes("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
        .es384: bytes(
            "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"),
        .es512: bytes(
            "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c"
                + "47aebb6fb71e91386409"),
    ]
    /// RFC 8032 section 5.
    private static let ed25519Order = bytes("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed")
    private static let ed448Order = bytes(
        "3fffffffffffffffffffffffffffffffffffffffffffffffffffffff7cca23e9c44edb49aed63690216cc2728dc58f552378c292ab5844f3"
    )

    private static func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = hexadecimal.compactMap { UInt8($0.hexDigitValue ?? 0) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
