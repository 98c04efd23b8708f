/// Why a file or a directory is not trusted: which one, what is wrong, what to do.
package struct FileRefusal: Error, Equatable, Sendable, CustomStringConvertible {
    package let file: String
    package let problem: String
    package let fix: String

    package var description: String { "\(file): \(problem); \(fix)" }

    package init(_ file: String, _ problem: String, fix: String) {
        self.file = file
        self.problem = problem
        self.fix = fix
    }
}
