package import JOSE
internal import OpenSSL
internal import POSIX
package import StrictJSON

/// Checks the signature of a token with keys of a file, away from any daemon. Claims are not looked at.
package struct TokenCheck {
    private let file: String
    private let isSet: Bool
    private let passphraseFile: String?

    /// By one key, private or public, as a JWK or PEM. The person chose it, so the token's `kid` decides nothing.
    package init(keyFile: String, passphraseFile: String? = nil) {
        file = keyFile
        isSet = false
        self.passphraseFile = passphraseFile
    }

    /// By the key of a JWK Set that the token's `kid` names; without `kid`, by the only key there is.
    package init(keySetFile: String) {
        file = keySetFile
        isSet = true
        passphraseFile = nil
    }

    package enum Verdict: Equatable, Sendable {
        case valid(Algorithm, kid: ByteString)
        case badSignature(Algorithm, kid: ByteString)
        /// No three segments, no canonical base64url, or a header that is refused.
        case malformed
        /// The set has no key of that kid, or more than one key for a token without; and why some were passed over.
        case unknownKey(String)
        /// The key is not for the algorithm that the header names (rule ALG-1).
        case wrongAlgorithm(String)
        case revoked(kid: ByteString)
    }

    /// - Throws: When the file holds no key that can be used.
    package func verify(_ token: [UInt8], maximumDepth: Int) throws(KeyError) -> Verdict {
        guard let parsed = ParsedToken(token, maximumDepth: maximumDepth) else { return .malformed }
        return try onDisposableStack(file) { () throws(KeyError) -> Verdict in
            let secret = try SecretFile(path: file, limit: Self.largestFile)
            if isSet { return try verify(parsed, in: secret.contents) }
            let source = try KeySource(secret.contents, path: file, passphraseFile: passphraseFile)
            return try Self.verify(parsed, source)
        }
    }

    /// Bytes of a key set: hundreds of keys of 4096 bits. Small enough for the locked memory of a command.
    private static let largestFile = 262_144

    private func verify(_ token: ParsedToken, in contents: borrowing SecretBytes) throws(KeyError) -> Verdict {
        var verdict: Verdict?
        var passedOver: [String] = []
        for element in try KeySource.elements(of: contents, file) {
            do throws(KeyError) {
                let source = try KeySource(contents, element: element, path: file)
                if let kid = token.kid, source.keyID != kid { continue }
                if verdict != nil {
                    return .unknownKey(
                        token.kid.map { "the set has several keys with the kid \($0.quoted)" }
                            ?? "the token names no kid, and the set has several keys")
                }
                verdict = try Self.verify(token, source)
            } catch {
                // That is no verdict on the key, nor on the token.
                if error == .outOfSecretMemory(file) { throw error }
                // RFC 7517 section 5: keys that are not understood are passed over.
                passedOver.append(error.problem)
            }
        }
        if let verdict { return verdict }
        let reason = token.kid.map { "the set has no key with the kid \($0.quoted)" } ?? "the set has no usable key"
        guard let first = passedOver.first else { return .unknownKey(reason) }
        return .unknownKey("\(reason); \(passedOver.count) passed over, the first because it \(first)")
    }

    private static func verify(_ token: ParsedToken, _ source: borrowing KeySource) throws(KeyError) -> Verdict {
        let possible = source.algorithms.map(\.name).joined(separator: ", ")
        // A key that names its algorithm has that one alone; else its type decides, and the header only among what
        // fits it.
        guard let algorithm = token.algorithm, source.algorithm.map({ $0 == algorithm }) ?? source.mayServe(algorithm)
        else {
            return .wrongAlgorithm("the header says \(token.algorithmText), the key is for \(possible)")
        }
        let material = try source.material(for: algorithm)
        let kid = source.keyID ?? token.kid ?? material.thumbprint ?? "none"
        if source.times.isRevoked { return .revoked(kid: kid) }
        let isValid = try KeyError.byOpenSSL(source.path, fix: "export the key again") {
            try material.makeContext().verify(
                token.signature.span, of: token.bytes.span.extracting(token.signingInput))
        }
        return isValid ? .valid(algorithm, kid: kid) : .badSignature(algorithm, kid: kid)
    }
}
