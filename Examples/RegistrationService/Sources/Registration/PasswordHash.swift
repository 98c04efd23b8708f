import Crypto
import CryptoExtras
import Foundation

/// A password as it is kept: what scrypt (RFC 7914) makes of it, with the salt and the cost, in one line of text.
///
/// The text is in PHC form: `$scrypt$ln=15,r=8,p=3$SALT$KEY`. A hash tells its own cost, so the cost of new ones may be
/// raised at any time.
package struct PasswordHash: Equatable, Sendable {
    package let text: String

    private static let blockSize = 8
    private static let parallelism = 3
    private static let saltBytes = 16
    private static let keyBytes = 32

    /// Takes tens of milliseconds and 128 · 8 · 2^`cost` bytes: not for a thread that others wait for.
    /// - Parameter cost: The binary logarithm of scrypt's N. 15, with p = 3, is what OWASP asks for.
    package init(of password: String, cost: Int) throws {
        var random = SystemRandomNumberGenerator()
        let salt = Data((0..<Self.saltBytes).map { _ in UInt8.random(in: .min ... .max, using: &random) })
        let key = try Self.key(of: password, salt: salt, cost: cost, blockSize: Self.blockSize, lanes: Self.parallelism)
        let octets = unsafe key.withUnsafeBytes { unsafe Data($0) }
        let parameters = "ln=\(cost),r=\(Self.blockSize),p=\(Self.parallelism)"
        text = "$scrypt$\(parameters)$\(salt.base64EncodedString())$\(octets.base64EncodedString())"
    }

    /// A hash that was kept as text.
    package init(text: String) { self.text = text }

    /// The binary logarithm of its N; nil when the text is none of ours.
    package var cost: Int? { parameters?["ln"] }

    private var parameters: [Substring: Int]? {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[1] == "scrypt" else { return nil }
        var numbers: [Substring: Int] = [:]
        for parameter in parts[2].split(separator: ",") {
            let halves = parameter.split(separator: "=")
            if halves.count == 2 { numbers[halves[0]] = Int(halves[1]) }
        }
        return numbers
    }

    /// Whether it is that of `password`. Takes as long as making it, whatever the answer.
    /// - Throws: `UnreadableHash` when the text is none of ours.
    package func matches(_ password: String) throws -> Bool {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard let parameters, let salt = Data(base64Encoded: String(parts[3])),
            let expected = Data(base64Encoded: String(parts[4])), !expected.isEmpty
        else { throw UnreadableHash() }
        guard let cost = parameters["ln"], (1...24).contains(cost), let blockSize = parameters["r"],
            let lanes = parameters["p"]
        else { throw UnreadableHash() }
        let key = try Self.key(of: password, salt: salt, cost: cost, blockSize: blockSize, lanes: lanes)
        // Compares in constant time.
        return key == SymmetricKey(data: expected)
    }

    private static func key(
        of password: String, salt: Data, cost: Int, blockSize: Int, lanes: Int
    ) throws -> SymmetricKey {
        try KDF.Scrypt.deriveKey(
            from: Data(password.utf8), salt: salt, outputByteCount: keyBytes, rounds: 1 << cost, blockSize: blockSize,
            parallelism: lanes)
    }
}

/// What stands in the database in place of a password hash is none.
package struct UnreadableHash: Error {}
