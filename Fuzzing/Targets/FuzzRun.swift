internal import OpenSSL

/// One target with all that it needs between inputs.
package final class FuzzRun {
    package let target: FuzzTarget
    private let examine: ([UInt8]) throws -> Bool

    /// - Throws: When the surroundings do not allow it: no locked memory, no cgroups.
    package init(_ target: FuzzTarget) throws {
        self.target = target
        try SecretMemory.open()
        switch target {
        case .strictJSON: examine = examineJSON
        case .foundationJSON: examine = compareWithFoundation
        case .base64URL: examine = examineBase64URL
        case .requestLine:
            let reader = RequestLines()
            examine = reader.examine
        case .token:
            let tokens = try Tokens()
            examine = tokens.examine
        case .jwk: examine = examineJWK
        case .pem: examine = examinePEM
        case .toml: examine = examineTOML
        case .cgroup:
            let cgroups = try Cgroups()
            examine = cgroups.examine
        case .jwe:
            let sealed = try SealedKeys()
            examine = sealed.examine
        }
    }

    /// Whether the input was taken for what the target reads, and not refused.
    ///
    /// - Throws: The promise that it breaks.
    @discardableResult
    package func callAsFunction(_ input: [UInt8]) throws -> Bool { try examine(input) }
}
