import Foundation
import Keys
import OpenSSL
import JOSE

/// What everybody has of a key: its public half, in the forms that a careless verifier could take for an HMAC key.
func publicEncodings(of key: Key) throws -> [(name: String, bytes: [UInt8])] {
    guard case .keyPair(let pair, _) = key.material.form, let jwk = key.publicJWK else { return [] }
    let der = try subjectPublicKeyInfo(pair)
    let body = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
    let pem = "-----BEGIN PUBLIC KEY-----\n\(body)\n-----END PUBLIC KEY-----"
    return [
        ("JWK", jwk), ("PEM", Array((pem + "\n").utf8)), ("PEM without its last LF", Array(pem.utf8)), ("DER", der),
        ("base64 of DER", Array(body.filter { $0 != "\n" }.utf8)),
    ]
}

/// RFC 5280 section 4.1.2.7, with the algorithms of RFC 3279, RFC 5480 and RFC 8410.
private func subjectPublicKeyInfo(_ pair: KeyPair) throws -> [UInt8] {
    let key: [UInt8]
    let algorithm: [UInt8]
    let ecPublicKey: [UInt8] = [0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]
    switch pair.kind {
    case .rsa:
        algorithm = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00]
        key = try der(0x30, derInteger(pair.publicNumber(.modulus)) + derInteger(pair.publicNumber(.publicExponent)))
    case .ec(let curve):
        let length = curve.coordinateLength
        let name: [UInt8] =
            switch curve {
            case .p256: [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
            case .p384: [0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22]
            case .p521: [0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x23]
            }
        algorithm = ecPublicKey + name
        key = try [4] + pair.publicNumber(.x, length: length) + pair.publicNumber(.y, length: length)
    case .ed25519:
        algorithm = [0x06, 0x03, 0x2B, 0x65, 0x70]
        key = try pair.rawPublicKey()
    case .ed448:
        algorithm = [0x06, 0x03, 0x2B, 0x65, 0x71]
        key = try pair.rawPublicKey()
    }
    return der(0x30, der(0x30, algorithm) + der(0x03, [0] + key))
}

/// One element of DER (X.690).
func der(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    var length: [UInt8] = []
    var rest = content.count
    while rest > 0 {
        length.insert(UInt8(rest & 255), at: 0)
        rest >>= 8
    }
    let isShort = content.count < 128
    return [tag] + (isShort ? [UInt8(content.count)] : [0x80 | UInt8(length.count)] + length) + content
}

/// A number, big-endian, as DER has it: shortest, and not negative.
func derInteger(_ number: [UInt8]) -> [UInt8] {
    let digits = Array(number.drop { $0 == 0 })
    return der(0x02, (digits.first ?? 0x80) & 0x80 != 0 ? [0] + digits : digits)
}
