package import JOSE
package import StrictJSON

/// `[keyring.NAME]`: a directory of keys of one algorithm.
package struct KeyringSettings: Equatable, Sendable {
    package let name: ByteString
    package let position: FilePosition
    package let algorithm: Algorithm
    /// Path of the directory.
    package let directory: String
}

extension KeyringSettings {
    /// nil: something that the ring cannot be without is missing or wrong.
    /// - Parameter directory: That of the configuration file.
    init?(_ name: ByteString, _ section: inout Section, directory: String) {
        self.name = name
        position = section.log.place(section.position)
        let algorithm = Self.algorithm(&section)
        self.directory = resolve(section.name("directory")?.text ?? "keys/\(name.text)", in: directory)
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
}
