import JOSE
import OpenSSL
import Synchronization

/// What tests sign with. Key pairs are made once a process: one of RSA costs more than a hundred signatures.
enum TestKeys {
    private static let pairs = Mutex<[String: KeyPair]>([:])

    static func material(_ algorithm: Algorithm, seed: UInt8) throws -> KeyMaterial {
        _ = Arena.isOpen
        guard let kind = kind(algorithm) else { return try material(octets: octets(algorithm, seed: seed), algorithm) }
        return try KeyMaterial(try pair(kind, seed: seed), algorithm)
    }

    /// An HMAC key of any octets.
    static func material(octets: [UInt8], _ algorithm: Algorithm) throws -> KeyMaterial {
        _ = Arena.isOpen
        var secret = try SecretBytes(count: octets.count)
        secret.withMutableSpan { bytes in for index in octets.indices { bytes[index] = octets[index] } }
        return try KeyMaterial(octets: secret, algorithm)
    }

    /// The pair of that kind and seed.
    static func pair(_ kind: KeyPair.Kind, seed: UInt8) throws -> KeyPair {
        _ = Arena.isOpen
        return try pairs.withLock { pairs in
            let name = "\(kind) \(seed)"
            if let pair = pairs[name] { return pair }
            let pair = try KeyPair.generate(kind)
            pairs[name] = pair
            return pair
        }
    }

    /// What a key of it is; nil for HMAC. RSA as short as may be, for speed.
    static func kind(_ algorithm: Algorithm) -> KeyPair.Kind? {
        guard let kind = algorithm.newKeyPair else { return nil }
        guard case .rsa = kind else { return kind }
        return .rsa(bits: Algorithm.smallestRSAModulus)
    }

    /// The octets of the HMAC key of that seed.
    static func octets(_ algorithm: Algorithm, seed: UInt8) -> [UInt8] {
        guard case .hmac(_, let length) = algorithm.mechanism else { return [] }
        return (0..<length).map { seed &+ UInt8(truncatingIfNeeded: $0) }
    }
}
