package import OpenSSL
package import StrictJSON

/// What a key signs and verifies with, in OpenSSL's form, bound to one algorithm. Shared by all loops.
package final class KeyMaterial: Sendable {
    package let algorithm: Algorithm
    package let form: Form
    /// The same for the same key under any algorithm, so that a key in two rings is found: of a key pair its thumbprint
    /// (RFC 7638), of octets what tells nothing of them.
    package let fingerprint: [UInt8]
    /// The public half; nil for HMAC, which has none.
    package let publicHalf: PublicJWK?

    package enum Form: Sendable {
        case hmac(HMACKey)
        case keyPair(KeyPair, SignatureScheme)
    }

    /// Why material and algorithm do not go together.
    package enum Misfit: Error, Equatable, Sendable {
        /// An HMAC key of so many bytes where the algorithm needs more (rule KEY-1).
        case tooShort(bytes: Int, needs: Int)
        /// Another type of key, or another curve, than the algorithm's (rules KEY-3, KEY-5).
        case wrongType
        /// An RSA modulus of so many bits (rule KEY-2).
        case modulus(bits: Int)
        /// The public numbers are no key: a point off the curve, an even or tiny exponent.
        case invalidPublicHalf
        /// The halves do not belong together (rule KEY-4).
        case halvesDiffer
        case outOfSecretMemory
        case refused(OpenSSLError)
    }

    /// Octets for HMAC.
    package init(octets: borrowing SecretBytes, _ algorithm: Algorithm) throws(Misfit) {
        guard case .hmac(let digest, let length) = algorithm.mechanism else { throw .wrongType }
        guard octets.count >= length else { throw .tooShort(bytes: octets.count, needs: length) }
        self.algorithm = algorithm
        publicHalf = nil
        let made = try SecretMemory.requiringEnough(orThrow: .outOfSecretMemory) { () throws(Misfit) in
            do throws(OpenSSLError) {
                return (key: try HMACKey(octets, digest: digest), fingerprint: try Self.fingerprint(of: octets))
            } catch { throw .refused(error) }
        }
        form = .hmac(made.key)
        fingerprint = made.fingerprint
    }

    /// A key pair, or the public half of one.
    package init(_ pair: KeyPair, _ algorithm: Algorithm) throws(Misfit) {
        guard case .keyPair(let scheme) = algorithm.mechanism, algorithm.fits(pair.kind) else { throw .wrongType }
        self.algorithm = algorithm
        form = .keyPair(pair, scheme)
        let (half, thumbprint) = try SecretMemory.requiringEnough(orThrow: .outOfSecretMemory) { () throws(Misfit) in
            try Self.admit(pair, scheme)
        }
        publicHalf = half
        fingerprint = thumbprint.bytes
    }

    /// Checks the numbers of a pair; its public half, with the thumbprint.
    private static func admit(
        _ pair: KeyPair, _ scheme: SignatureScheme
    ) throws(Misfit) -> (PublicJWK, thumbprint: ByteString) {
        if case .rsa(let bits) = pair.kind {
            guard Algorithm.smallestRSAModulus...Algorithm.largestRSAModulus ~= bits else {
                throw .modulus(bits: bits)
            }
            let exponent = (try? pair.publicNumber(.publicExponent)) ?? []
            guard let last = exponent.last, last & 1 == 1, exponent != [1],
                exponent.count <= Algorithm.longestRSAExponent
            else { throw .invalidPublicHalf }
        }
        guard pair.publicHalfIsValid() else { throw .invalidPublicHalf }
        let publicHalf: (PublicJWK, thumbprint: ByteString)
        do throws(OpenSSLError) {
            let half = try PublicJWK(pair)
            publicHalf = (half, try half.thumbprint())
        } catch { throw .refused(error) }
        guard pair.hasPrivateHalf else { return publicHalf }
        guard pair.privateHalfIsValid() else { throw .halvesDiffer }
        if pair.showsItsHalves { return publicHalf }
        guard try makesRoundTrip(pair, scheme) else { throw .halvesDiffer }
        return publicHalf
    }

    /// Whether it can sign.
    package var canSign: Bool {
        switch form {
        case .hmac: true
        case .keyPair(let pair, _): pair.hasPrivateHalf
        }
    }

    /// Whether whoever verifies could sign as well: HMAC.
    package var isSymmetric: Bool {
        if case .hmac = form { return true }
        return false
    }

    /// Whether a signature takes so long that an event loop should not make it: all of RSA, and the curves that OpenSSL
    /// has no fast code for. About 0.1 ms (Ed448, P-521) to 5 ms (RSA of 4,096 bits), where the others take 1 to 20 µs.
    package var signsSlowly: Bool {
        guard case .keyPair(let pair, _) = form else { return false }
        return switch pair.kind {
        case .rsa, .ec(.p384), .ec(.p521), .ed448: true
        case .ec(.p256), .ed25519: false
        }
    }

    /// Whether the same holds of verifying. With RSA only beyond 4,096 bits: the public exponent is short.
    package var verifiesSlowly: Bool {
        guard case .keyPair(let pair, _) = form else { return false }
        return switch pair.kind {
        case .rsa(let bits): bits > Self.largestFastModulus
        case .ec(.p384), .ec(.p521), .ed448: true
        case .ec(.p256), .ed25519: false
        }
    }

    /// Bits of an RSA modulus up to which a signature is verified in less than 0.1 ms.
    private static let largestFastModulus = 4_096

    /// The thumbprint of RFC 7638; nil for HMAC: one of a secret would tell guesses from the key.
    package var thumbprint: ByteString? { publicHalf == nil ? nil : ByteString(fingerprint) }

    /// A tag that only this key makes: HMAC-SHA256 of a constant, whatever the algorithm that the key is for.
    private static func fingerprint(of octets: borrowing SecretBytes) throws(OpenSSLError) -> [UInt8] {
        let message = Array("signet: which key is this?".utf8)
        var tag = HMACTag()
        let context = try HMACKey(octets, digest: "SHA256").makeContext()
        try context.authenticate(message.span, into: &tag)
        var fingerprint: [UInt8] = []
        fingerprint.append(tag.bytes.span, from: 0, to: context.tagLength)
        return fingerprint
    }

    /// A context for one event loop.
    package func makeContext() throws(OpenSSLError) -> JWSContext {
        switch form {
        case .hmac(let key): JWSContext(try key.makeContext())
        case .keyPair(let pair, let scheme): JWSContext(try SignatureContext(pair, scheme), pair, scheme)
        }
    }

    private static func makesRoundTrip(_ pair: KeyPair, _ scheme: SignatureScheme) throws(Misfit) -> Bool {
        let message = Array("do the halves belong together?".utf8)
        do throws(OpenSSLError) {
            let context = try SignatureContext(pair, scheme)
            var signature: [UInt8] = []
            // RSA signing verifies by itself, and fails where the halves differ.
            do throws(OpenSSLError) { try context.sign(message.span, to: &signature) } catch { return false }
            return try context.verify(signature.span, of: message.span)
        } catch { throw .refused(error) }
    }
}

/// Signs and verifies JWS with one key. Belongs to one event loop; not to be shared.
package final class JWSContext {
    private let form: Form
    /// Bytes of a signature, not encoded.
    package let signatureLength: Int

    private enum Form {
        case hmac(HMACContext)
        case keyPair(SignatureContext)
    }

    fileprivate init(_ context: HMACContext) {
        form = .hmac(context)
        signatureLength = context.tagLength
    }

    fileprivate init(_ context: SignatureContext, _ pair: KeyPair, _ scheme: SignatureScheme) {
        form = .keyPair(context)
        signatureLength =
            switch (scheme, pair.kind) {
            case (.ecdsa(_, let length), _): 2 * length
            case (_, .rsa(let bits)): (bits + 7) / 8
            case (_, .ed448): 114
            default: 64
            }
    }

    /// Appends a full stop and the encoded signature of what stands in `output` from `start` on
    /// (RFC 7515 section 5.1, steps 5 to 8).
    package func appendSignature(to output: inout [UInt8], from start: Int) throws(OpenSSLError) {
        switch form {
        case .hmac(let context):
            var tag = HMACTag()
            try context.authenticate(output.span.extracting(start...), into: &tag)
            output.append(UInt8(ascii: "."))
            Base64URL.append(tag.bytes.span.extracting(..<signatureLength), to: &output)
        case .keyPair(let context):
            var signature: [UInt8] = []
            try context.sign(output.span.extracting(start...), to: &signature)
            output.append(UInt8(ascii: "."))
            Base64URL.append(signature.span, to: &output)
        }
    }

    /// Whether `signature`, decoded, is one of `signingInput`.
    package func verify(_ signature: Span<UInt8>, of signingInput: Span<UInt8>) throws(OpenSSLError) -> Bool {
        switch form {
        case .hmac(let context): try context.verify(signature, of: signingInput)
        case .keyPair(let context): try context.verify(signature, of: signingInput)
        }
    }
}
