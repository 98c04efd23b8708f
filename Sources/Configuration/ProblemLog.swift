import TOML

/// Gathers what is wrong or doubtful while one file is decoded. Confined to one call of `Settings.decode`.
final class ProblemLog {
    /// Beyond this many problems a file is of another kind; the rest is not worth a line each.
    static let maximumProblems = 100

    private let file: String
    private(set) var problems: [ConfigurationProblem] = []
    private(set) var warnings: [String] = []

    init(file: String) { self.file = file }

    func place(_ position: Position) -> FilePosition {
        FilePosition(file: file, line: position.line, column: position.column)
    }

    func report(_ position: Position, _ message: String, suggestion: @autoclosure () -> String? = nil) {
        report(place(position), message, suggestion: suggestion())
    }

    /// - Parameter suggestion: Looked for only if the problem is kept.
    func report(_ position: FilePosition, _ message: String, suggestion: @autoclosure () -> String? = nil) {
        guard problems.count < Self.maximumProblems else { return }
        problems.append(ConfigurationProblem(position: position, message: message, suggestion: suggestion()))
    }

    func warn(_ position: FilePosition, _ message: String) { warnings.append("\(position): \(message)") }

    /// - Throws: `ConfigurationError` if anything was reported.
    func throwProblems() throws(ConfigurationError) {
        guard !problems.isEmpty else { return }
        throw ConfigurationError(
            problems: problems.sorted {
                ($0.position.line, $0.position.column) < ($1.position.line, $1.position.column)
            })
    }
}
