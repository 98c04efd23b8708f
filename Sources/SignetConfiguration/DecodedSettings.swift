/// What the configuration files say: the settings of those that are sound, and what is wrong with the others.
package struct DecodedSettings: Equatable, Sendable {
    package let settings: Settings
    /// What is allowed but probably not meant, each as `FILE:LINE:COLUMN: message`.
    package let warnings: [String]
    /// Everything wrong in all files, in their order; empty when the settings are whole.
    ///
    /// A problem of a file that is not in `brokenFiles` is a profile whose keyring is in one of those.
    package let problems: [ConfigurationProblem]
    /// Names of the files of which nothing counts; never the main one.
    package let brokenFiles: [String]
}
