internal import JOSE
internal import OpenSSL
internal import StrictJSON

/// A sealed key opens only as it was sealed; what is sealed opens as it was.
///
/// Input is a JWE; or, behind `seal` and a line feed, three lines to be sealed: the KEK's kid, the ring, the key.
final class SealedKeys {
    private let kek: EncryptionJWK
    private let genuine: Set<[UInt8]>

    init() throws {
        kek = try EncryptionJWK(secret(Seeds.file("jwk", "kek.jwk")))
        genuine = Set(try Seeds.of(.jwe).map { Self.withoutLineEnd($0.bytes) })
    }

    func examine(_ input: [UInt8]) throws -> Bool {
        if input.starts(with: Array("seal\n".utf8)) { return try seal(Array(input.dropFirst(5))) }
        let sealed: CompactJWE
        do throws(JWEError) { sealed = try CompactJWE(input.span) } catch {
            try examineMessage(error.problem)
            return false
        }
        try require(1...1_024 ~= sealed.keyID.bytes.count, "a kid of \(sealed.keyID.bytes.count) bytes")
        guard try sealed.open(with: kek.key) != nil else { return false }
        try require(genuine.contains(Self.withoutLineEnd(input)), "opened, and was never sealed")
        return true
    }

    private func seal(_ input: [UInt8]) throws -> Bool {
        let parts = input.split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false).map { Array($0) }
        // What is written into the header is UTF-8, and never longer than a reader takes.
        guard parts.count == 3, parts[..<2].allSatisfy(Self.isName) else { return false }
        let (keyID, keyring) = (ByteString(parts[0]), ByteString(parts[1]))
        let content = try secret(parts[2])
        var text = try CompactJWE.seal(content, with: kek.key, keyID: keyID, keyring: keyring)
        let sealed = try CompactJWE(text.span)
        try require(sealed.keyID == keyID && sealed.keyring == keyring, "the header changed")
        guard let opened = try sealed.open(with: kek.key) else { throw Finding("what was sealed does not open") }
        try require(SecretBytes.areEqual(opened, content), "what was sealed opens as something else")
        // One bit more or less, anywhere: by its own content.
        let place = parts[2].reduce(0) { $0 &* 31 &+ Int($1) } & Int.max % text.count
        text[place] ^= 1
        guard let changed = try? CompactJWE(text.span) else { return true }
        try require(changed.open(with: kek.key) == nil, "opened, though byte \(place) was changed")
        return true
    }

    private static func isName(_ bytes: [UInt8]) -> Bool {
        1...1_024 ~= bytes.count && String(validating: bytes, as: UTF8.self) != nil
    }

    private static func withoutLineEnd(_ text: [UInt8]) -> [UInt8] {
        guard text.last == 0x0A else { return text }
        return Array(text.dropLast(text.dropLast().last == 0x0D ? 2 : 1))
    }
}
