import StrictJSON

/// Names of units that processes can run in, by the rules of systemd.unit(5).
enum SystemUnitName {
    /// The types of units that have processes of their own. A slice has only units, and a timer or target nothing.
    private static let types = ["service", "scope", "socket", "mount", "swap"]
    /// Bytes.
    private static let longest = 255

    /// Whether a caller's unit can have this name. That of a template, `register@.service`, is none: its instances are
    /// the units.
    static func isValid(_ name: ByteString) -> Bool {
        guard name.bytes.count <= longest, let dot = name.bytes.lastIndex(of: UInt8(ascii: ".")) else { return false }
        let (stem, type) = (name.bytes[..<dot], String(decoding: name.bytes[(dot + 1)...], as: UTF8.self))
        guard types.contains(type), let last = stem.last, last != UInt8(ascii: "@") else { return false }
        return stem.first != UInt8(ascii: "@") && stem.allSatisfy(isAllowed)
    }

    /// The service that a name without a type probably means.
    static func completion(of name: ByteString) -> String? {
        let service = ByteString(name.bytes + Array(".service".utf8))
        let hasType = name.bytes.contains(UInt8(ascii: "."))
        return !hasType && isValid(service) ? service.text : nil
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: ":-_.\\@".utf8.contains(byte)
        }
    }
}
