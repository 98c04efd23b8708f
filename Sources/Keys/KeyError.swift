/// Why a key, or a directory of keys, is not admitted: which file, what is wrong, what to do.
package struct KeyError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The path of the file or directory.
    package let file: String
    /// What is wrong with it. Never holds a byte of the key.
    package let problem: String
    /// What to do.
    package let fix: String

    package var description: String { "\(file): \(problem); \(fix)" }

    package init(_ file: String, _ problem: String, fix: String) {
        self.file = file
        self.problem = problem
        self.fix = fix
    }
}
