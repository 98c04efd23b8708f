package import JOSE
package import StrictJSON

/// `[keyring.NAME]`: a directory of keys of one algorithm.
package struct KeyringSettings: Equatable, Sendable {
    package let name: ByteString
    package let position: FilePosition
    package let algorithm: Algorithm
    /// Path of the directory.
    package let directory: String
    /// Seconds that verifiers may cache the public keys, at most 604,800: a new key waits that long before it signs.
    package let verifierCache: Int64
    /// Path of the file that holds the ring's JWK Set, for verifiers to read; nil: none. Never for HMAC.
    package let publish: String?
}

extension KeyringSettings {
    /// Most that verifiers may cache public keys, in seconds.
    static let longestVerifierCache: Int64 = 7 * 86_400
    /// The file beside a published JWK Set (OpenID Connect Discovery 1.0 section 4).
    static let discoveryDocument = "openid-configuration"

    /// nil: something that the ring cannot be without is missing or wrong.
    /// - Parameter directory: That of the configuration file.
    init?(_ name: ByteString, _ section: inout Section, directory: String) {
        self.name = name
        position = section.log.place(section.position)
        let algorithm = Self.algorithm(&section)
        self.directory = resolve(section.name("directory")?.text ?? "keys/\(name.text)", in: directory)
        verifierCache = section.duration("verifier_cache", in: 0...Self.longestVerifierCache) ?? 0
        publish = Self.publish(&section, algorithm, directory: directory)
        section.reportUnknownMembers()
        guard let algorithm else { return nil }
        self.algorithm = algorithm
    }

    private static func algorithm(_ section: inout Section) -> Algorithm? {
        let names = Algorithm.allCases.map(\.name)
        let known = names.map { "\"\($0)\"" }.joined(separator: ", ")
        guard section.has("algorithm") else {
            section.reportMissing("algorithm", "one of \(known)")
            _ = section.node("algorithm")
            return nil
        }
        guard let name = section.string("algorithm") else { return nil }
        guard let algorithm = Algorithm(name: name) else {
            section.report("algorithm", "must be one of \(known), found \(name.quoted)")
            return nil
        }
        return algorithm
    }

    private static func publish(_ section: inout Section, _ algorithm: Algorithm?, directory: String) -> String? {
        guard let path = section.name("publish")?.text else { return nil }
        if case .hmac? = algorithm?.mechanism {
            section.report(
                "publish", "cannot be: the keys of this ring are HMAC keys, which are secret and have no public half")
            return nil
        }
        let name = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).last ?? ""[...].utf8
        if ["", ".", ".."].contains(String(Substring(name))) {
            section.report("publish", "must name a file, such as \"/var/lib/signet/public/jwks.json\"")
        }
        if name.elementsEqual(discoveryDocument.utf8) {
            section.report(
                "publish", "must not be \"\(discoveryDocument)\", the name of the OpenID document beside the keys")
        }
        return resolve(path, in: directory)
    }
}
