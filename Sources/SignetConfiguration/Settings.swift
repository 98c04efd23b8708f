/// What the configuration files say, checked. Names of users and groups are not resolved, and no other file is read.
package struct Settings: Equatable, Sendable {
    package let server: ServerSettings
    /// In the order of the files. Names differ.
    package let keyrings: [KeyringSettings]
    /// In the order of the files. Names differ.
    package let profiles: [ProfileSettings]
}

extension Settings {
    /// Decodes the configuration files together: profiles of one may name keyrings of another.
    ///
    /// A broken further file counts for nothing and leaves the others in force; whoever wants all or nothing looks at
    /// `problems` of what comes back.
    ///
    /// - Parameters:
    ///   - main: The file that holds `[server]`.
    ///   - further: Those of `profiles.d`, sorted; what two files do wrong together, such as define one name, breaks the
    ///     later one.
    ///   - unreadable: Names of further files that exist and could not be read.
    /// - Throws: If the main file is broken: all problems that can be found in all files, at least one; of a file that
    ///   is no TOML only the first.
    package static func decode(
        main: SourceFile, further: [SourceFile] = [], unreadable: [String] = []
    ) throws(ConfigurationError) -> DecodedSettings {
        let decoding = SettingsDecoding([main] + further, unreadable: unreadable)
        return try decoding.finished()
    }
}
