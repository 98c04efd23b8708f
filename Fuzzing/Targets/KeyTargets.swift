internal import JOSE
internal import OpenSSL
internal import StrictJSON

/// A JWK, private or public, a JWK Set, or a key-encryption key: what is a key survives being written and read again,
/// signs what it verifies, and no refusal holds a value.
func examineJWK(_ input: [UInt8]) throws -> Bool {
    let file = try secret(input)
    let isKey = try refusing(input) { try examine(JWK(file)) }
    let isSet = try refusing(input) {
        for element in try JWKSet.elements(of: file).prefix(4) {
            try refusing(input) { _ = try JWK(file, element: element) }
        }
    }
    let isKEK = try refusing(input) {
        let kek = try EncryptionJWK(file)
        let again = try EncryptionJWK(EncryptionJWK.write(kek.key, kid: kek.keyID))
        try require(again.keyID == kek.keyID, "a KEK's kid changed")
        try require(SecretBytes.areEqual(again.key, kek.key), "a KEK changed")
    }
    return isKey || isSet || isKEK
}

/// Whether `body` refuses nothing; examines what it refuses.
@discardableResult
private func refusing(_ input: [UInt8], _ body: () throws -> Void) throws -> Bool {
    do { try body() } catch let error as JWKError {
        try examineRefusal(error, of: input)
        return false
    }
    return true
}

/// The first key of a PEM file is one that a JWK can hold.
func examinePEM(_ input: [UInt8]) throws -> Bool {
    let file = try secret(input)
    // Without a passphrase: how long its derivation takes is the file's to say.
    let passphrase = try secret([])
    let pair: KeyPair
    do throws(PEMError) { pair = try KeyPair.read(pem: file, passphrase: passphrase) } catch { return false }
    try examine(pair, algorithm: nil)
    return true
}

private func examine(_ jwk: borrowing JWK) throws {
    for algorithm in Algorithm.allCases where jwk.algorithm.map({ $0.fits(ring: algorithm) }) ?? true {
        let material: KeyMaterial
        do throws(KeyMaterial.Misfit) { material = try jwk.material(for: algorithm) } catch { continue }
        try require(material.canSign == (jwk.keyPair?.hasPrivateHalf ?? true), "a half is lost")
        if material.canSign { try examineRoundTrip(material) }
        if let pair = jwk.keyPair { return try examine(pair, algorithm: algorithm) }
    }
}

/// Written as a JWK it is the same key.
private func examine(_ pair: KeyPair, algorithm: Algorithm?) throws {
    let kid: ByteString = "written"
    guard let fitting = algorithm ?? Algorithm.allCases.first(where: { $0.fits(pair.kind) }) else { return }
    let material: KeyMaterial
    do throws(KeyMaterial.Misfit) { material = try KeyMaterial(pair, fitting) } catch { return }
    let written = try PrivateJWK.write(pair, fitting, kid: kid, issuedAt: 1)
    let again = try JWK(written)
    try require(again.keyID == kid && again.algorithm == fitting, "what is said of the key changed")
    try require(again.material(for: fitting).fingerprint == material.fingerprint, "the key changed")
    try require(again.keyPair?.hasPrivateHalf == pair.hasPrivateHalf, "a half is lost")
    let half = try PublicJWK(pair)
    var text: [UInt8] = []
    half.append(kid: kid, fitting, to: &text)
    let published = try JWK(secret(text))
    try require(published.keyPair?.hasPrivateHalf == false, "a private half is published")
    try require(published.material(for: fitting).fingerprint == material.fingerprint, "another key is published")
    if algorithm == nil, material.canSign { try examineRoundTrip(material) }
}

/// Rule KEY-4: what was admitted verifies what it signs, and not what it did not sign.
private func examineRoundTrip(_ material: KeyMaterial) throws {
    let context = try material.makeContext()
    var token = Array("signed".utf8)
    try context.appendSignature(to: &token, from: 0)
    let signature = Base64URL.decode(token.span.extracting(7...))
    guard let signature else { throw Finding("a signature that is not base64url") }
    try require(context.verify(signature.span, of: token.span.extracting(..<6)), "does not verify what it signed")
    try require(!context.verify(signature.span, of: token.span.extracting(..<5)), "verifies what it did not sign")
}

/// No refusal holds a value of the file: eight bytes of a string in a row would be one.
private func examineRefusal(_ error: JWKError, of input: [UInt8]) throws(Finding) {
    try examineMessage(error.problem)
    var index = JSONIndex()
    guard (try? index.read(input.span, maximumDepth: 32, indexedDepth: 1)) != nil else { return }
    let problem = Array(error.problem.utf8)
    for member in index.members {
        for name in ["k", "d", "p", "q", "dp", "dq", "qi"] where member.name.equals(name.utf8.span, in: input.span) {
            guard let value = member.value.text?.unescaped(in: input.span), value.count >= 8 else { continue }
            try require(!holds(problem, value[..<8]), "a refusal with a value of \(name)")
        }
    }
}

func holds(_ text: [UInt8], _ part: ArraySlice<UInt8>) -> Bool {
    guard text.count >= part.count else { return false }
    return (0...text.count - part.count).contains { text[$0..<$0 + part.count] == part }
}

func secret(_ bytes: [UInt8]) throws -> SecretBytes {
    var secret = try SecretBytes(count: bytes.count)
    secret.withMutableSpan { output in for offset in bytes.indices { output[offset] = bytes[offset] } }
    return secret
}
