package import StrictJSON

/// Where a key-encryption key (KEK) comes from: an element of `kek` in `[server]`.
package enum KEKSource: Equatable, Sendable {
    /// `credential:NAME`: the file of that name in the directory where systemd puts the service's credentials.
    case credential(ByteString)
    /// `file:PATH`, absolute, or as the configuration's directory makes it.
    case file(String)

    private static let credentialPrefix = Array("credential:".utf8)
    private static let filePrefix = Array("file:".utf8)

    /// - Parameter directory: That of the configuration file.
    init?(_ text: ByteString, directory: String) {
        if let name = Self.rest(of: text, behind: Self.credentialPrefix) {
            self = .credential(ByteString(name))
        } else if let path = Self.rest(of: text, behind: Self.filePrefix) {
            self = .file(resolve(ByteString(path).text, in: directory))
        } else {
            return nil
        }
    }

    /// What is wrong with such a text; nil: nothing.
    static func fault(_ text: ByteString) -> String? {
        if let name = rest(of: text, behind: credentialPrefix) {
            // A credential is a file in one directory (systemd.exec(5)): a name, and never a way out of there.
            let isName = !name.isEmpty && !name.contains(UInt8(ascii: "/")) && name != Array(".".utf8)
            return isName && name != Array("..".utf8)
                ? nil : "must name a credential in \(text.quoted): one name, without \"/\""
        }
        if let path = rest(of: text, behind: filePrefix) {
            return path.isEmpty || path.last == UInt8(ascii: "/") ? "must name a file in \(text.quoted)" : nil
        }
        return "must hold \"credential:NAME\" or \"file:PATH\", found \(text.quoted)"
    }

    private static func rest(of text: ByteString, behind prefix: [UInt8]) -> [UInt8]? {
        text.bytes.starts(with: prefix) ? Array(text.bytes.dropFirst(prefix.count)) : nil
    }
}
