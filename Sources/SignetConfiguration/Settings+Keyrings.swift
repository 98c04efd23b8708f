package import StrictJSON

// What the profiles of a keyring say of it together.
extension Settings {
    /// Seconds that clocks may differ by, the longest of its profiles.
    package func leeway(ofKeyring ring: ByteString) -> Int64 { profiles(ofKeyring: ring).map(\.leeway).max() ?? 0 }

    /// The longest life of a token in seconds; nil: its tokens carry bytes, and never expire.
    package func longestLife(ofKeyring ring: ByteString) -> Int64? {
        let profiles = profiles(ofKeyring: ring)
        if profiles.contains(where: { $0.content == .bytes }) { return nil }
        return profiles.map(\.maxTTL).max() ?? 0
    }

    /// The issuer, if its profiles have one alone, and that is a URL.
    package func publishedIssuer(ofKeyring ring: ByteString) -> ByteString? {
        let profiles = profiles(ofKeyring: ring)
        guard let first = profiles.first, first.hasURLIssuer else { return nil }
        return profiles.allSatisfy { $0.issuer == first.issuer } ? first.issuer : nil
    }

    private func profiles(ofKeyring ring: ByteString) -> [ProfileSettings] { profiles.filter { $0.keyring == ring } }
}
