package import OpenSSL
package import StrictJSON

/// The public half of a key pair as a JWK (rule JWKS-1), and its thumbprint.
package struct PublicJWK: Sendable {
    /// The members that make the key, in lexicographic order: EC crv, kty, x, y; RSA e, kty, n; OKP crv, kty, x.
    private let members: [(name: String, value: [UInt8])]

    package init(_ pair: KeyPair) throws(OpenSSLError) {
        switch pair.kind {
        case .rsa:
            members = [
                ("e", Self.encode(try pair.publicNumber(.publicExponent))), ("kty", Array("RSA".utf8)),
                ("n", Self.encode(try pair.publicNumber(.modulus))),
            ]
        case .ec(let curve):
            let length = curve.coordinateLength
            members = [
                ("crv", Array(Self.name(of: curve).utf8)), ("kty", Array("EC".utf8)),
                ("x", Self.encode(try pair.publicNumber(.x, length: length))),
                ("y", Self.encode(try pair.publicNumber(.y, length: length))),
            ]
        case .ed25519, .ed448:
            members = [
                ("crv", Array((pair.kind == .ed25519 ? "Ed25519" : "Ed448").utf8)), ("kty", Array("OKP".utf8)),
                ("x", Self.encode(try pair.rawPublicKey())),
            ]
        }
    }

    /// The thumbprint of RFC 7638: SHA-256 over exactly these members, without white space, as base64url.
    package func thumbprint() throws(OpenSSLError) -> ByteString {
        var json: [UInt8] = [UInt8(ascii: "{")]
        appendMembers(to: &json)
        json.append(UInt8(ascii: "}"))
        return ByteString(Self.encode(try sha256(json.span)))
    }

    /// Appends the JWK as verifiers get it: its members, `use`, `alg` and `kid`.
    package func append(kid: ByteString, _ algorithm: Algorithm, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "{"))
        appendMembers(to: &output)
        output.append(",\"use\":\"sig\",\"alg\":")
        output.appendJSONString(algorithm.name)
        output.append(",\"kid\":")
        output.appendJSONString(kid.bytes)
        output.append(UInt8(ascii: "}"))
    }

    func appendMembers(to output: inout [UInt8]) {
        for (position, member) in members.enumerated() {
            if position > 0 { output.append(UInt8(ascii: ",")) }
            output.appendJSONString(member.name)
            output.append(UInt8(ascii: ":"))
            output.appendJSONString(member.value)
        }
    }

    private static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        Base64URL.append(bytes.span, to: &text)
        return text
    }

    private static func name(of curve: KeyPair.Curve) -> String {
        switch curve {
        case .p256: "P-256"
        case .p384: "P-384"
        case .p521: "P-521"
        }
    }
}
