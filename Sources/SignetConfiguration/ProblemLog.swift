import TOML

/// Gathers what is wrong or doubtful while one file is decoded. Confined to one call of `Settings.decode`.
final class ProblemLog {
    /// Beyond this many problems a file is of another kind; the rest is not worth a line each.
    static let maximumProblems = 100

    private let file: String
    private let fileNumber: Int
    private(set) var problems: [ConfigurationProblem] = []

    init(file: String, fileNumber: Int) {
        self.file = file
        self.fileNumber = fileNumber
    }

    func place(_ position: Position) -> FilePosition {
        FilePosition(file: file, fileNumber: fileNumber, line: position.line, column: position.column)
    }

    /// - Parameter suggestion: Looked for only if the problem is kept.
    func report(_ position: Position, _ message: String, suggestion: @autoclosure () -> String? = nil) {
        guard problems.count < Self.maximumProblems else { return }
        problems.append(
            ConfigurationProblem(position: place(position), message: message, suggestion: suggestion()))
    }
}
