import Foundation
import OpenSSL
import Testing

/// C2SP's Wycheproof vectors, read where they lie beside the checkout.
@Suite(.enabled(if: Wycheproof.isThere, "there is no \(Wycheproof.folder.path)"))
struct WycheproofTests {
    init() throws { try LockedMemory.open() }

    @Test("SIG-3 Wycheproof HMAC: full tags are accepted where valid, refused where not", arguments: [256, 384, 512])
    func hmac(_ bits: Int) throws {
        let data = try Data(contentsOf: Wycheproof.folder.appending(path: "hmac_sha\(bits)_test.json"))
        let vectors = try JSONDecoder().decode(Wycheproof.Vectors.self, from: data)
        var counts: [String: Int] = [:]
        for group in vectors.testGroups {
            for test in group.tests {
                let key = try HMACKey(SecretBytes(copying: Wycheproof.bytes(test.key)), digest: "SHA\(bits)")
                let (tag, message) = (Wycheproof.bytes(test.tag), Wycheproof.bytes(test.msg))
                let isValid = try key.makeContext().verify(tag.span, of: message.span)
                // JWS knows no truncated tag (RFC 7518 section 3.2), so none verifies.
                #expect(
                    isValid == (test.result == "valid" && group.tagSize == bits), "test \(test.tcId): \(test.comment)")
                counts[isValid ? "valid" : "invalid", default: 0] += 1
            }
        }
        #expect(try #require(counts["valid"]) > 20)
        #expect(try #require(counts["invalid"]) > 20)
    }
}

enum Wycheproof {
    static let folder = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "../../../shared/vectors/wycheproof").standardizedFileURL
    static let isThere = FileManager.default.fileExists(atPath: folder.path)

    struct Vectors: Decodable { let testGroups: [Group] }
    struct Group: Decodable {
        let tagSize: Int
        let tests: [Vector]
    }
    struct Vector: Decodable {
        let tcId: Int
        let comment, key, msg, tag, result: String
    }

    static func bytes(_ text: String) -> [UInt8] {
        let digits = text.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
