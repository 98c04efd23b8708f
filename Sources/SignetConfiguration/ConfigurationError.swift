/// Everything found wrong with the configuration files, so that an operator mends it in one go.
package struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// In the order of the files; never empty.
    package let problems: [ConfigurationProblem]

    /// One problem a line.
    package var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// One thing wrong, where it stands, and what may have been meant.
package struct ConfigurationProblem: Equatable, Sendable, CustomStringConvertible {
    package let position: FilePosition
    /// For a person: the setting, what is wrong with it, and what it may be.
    package let message: String
    /// The known name that an unknown one resembles.
    package let suggestion: String?

    /// `FILE:LINE:COLUMN: message`
    package var description: String {
        let question = suggestion.map { "; did you mean '\($0)'?" } ?? ""
        return "\(position): \(message)\(question)"
    }
}
