import Foundation
import JOSE
import OpenSSL
import StrictJSON
import Testing

/// A JWK of strings, to be changed member by member.
struct TestJWK: Sendable {
    var members: [String: String]

    /// A new key pair as Signet writes it, without `use`, `alg` and `kid`.
    static func generate(_ kind: KeyPair.Kind, _ algorithm: Algorithm) throws -> TestJWK {
        try LockedMemory.open()
        let file = try PrivateJWK.write(KeyPair.generate(kind), algorithm, kid: "k", issuedAt: nil)
        let object = try JSONSerialization.jsonObject(with: Data(file.copy)) as? [String: String]
        return try TestJWK(members: #require(object)).without("use", "alg", "kid")
    }

    subscript(_ name: String) -> String {
        get throws { try #require(members[name]) }
    }

    func with(_ name: String, _ value: String) -> TestJWK {
        var copy = self
        copy.members[name] = value
        return copy
    }

    func with(_ names: [String], of other: TestJWK) throws -> TestJWK {
        try names.reduce(self) { try $0.with($1, other[$1]) }
    }

    func without(_ names: String...) -> TestJWK { TestJWK(members: members.filter { !names.contains($0.key) }) }

    var publicHalf: TestJWK { without("d", "p", "q", "dp", "dq", "qi") }

    var json: String {
        "{" + members.sorted { $0.key < $1.key }.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",") + "}"
    }

    func material(_ algorithm: Algorithm) throws -> KeyMaterial {
        try JWK(SecretBytes(copying: Array(json.utf8))).material(for: algorithm)
    }

    /// Why it is no key for the algorithm; nil when it is one.
    func refusal(_ algorithm: Algorithm) -> (any Error & Equatable)? {
        do {
            _ = try material(algorithm)
            return nil
        } catch let error as JWKError { return error } catch { return error as? KeyMaterial.Misfit }
    }
}

extension KeyMaterial {
    /// `signingInput` with its signature.
    func token(_ signingInput: String) throws -> String {
        var token = Array(signingInput.utf8)
        try makeContext().appendSignature(to: &token, from: 0)
        return String(decoding: token, as: UTF8.self)
    }

    /// Whether the last segment of a token is a signature of what stands before it.
    func verifies(_ token: String) throws -> Bool {
        let bytes = Array(token.utf8)
        let stop = try #require(bytes.lastIndex(of: UInt8(ascii: ".")))
        let signature = try decode(String(decoding: bytes[(stop + 1)...], as: UTF8.self))
        return try makeContext().verify(signature.span, of: bytes.span.extracting(..<stop))
    }
}

func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    Base64URL.append(bytes.span, to: &text)
    return String(decoding: text, as: UTF8.self)
}

func decode(_ text: String) throws -> [UInt8] {
    let bytes = Base64URL.decode(Array(text.utf8).span)
    return try #require(bytes)
}

/// Every kind of key pair, with the algorithms that it is for.
struct KeyKind: Sendable, CustomTestStringConvertible {
    let kind: KeyPair.Kind
    let algorithms: [Algorithm]
    let sample: TestJWK
    let other: TestJWK
    var algorithm: Algorithm { algorithms[0] }
    var testDescription: String { "\(kind)" }

    private init(_ kind: KeyPair.Kind, _ algorithms: [Algorithm]) throws {
        self.kind = kind
        self.algorithms = algorithms
        sample = try .generate(kind, algorithms[0])
        other = try .generate(kind, algorithms[0])
    }

    /// Empty where keys cannot be made; `KeyMaterialTests` says so.
    static let all: [KeyKind] =
        (try? [
            KeyKind(.rsa(bits: 2_048), [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]), KeyKind(.ec(.p256), [.es256]),
            KeyKind(.ec(.p384), [.es384]), KeyKind(.ec(.p521), [.es512]), KeyKind(.ed25519, [.ed25519, .edDSA]),
            KeyKind(.ed448, [.ed448, .edDSA]),
        ]) ?? []
}
