/// A place in a configuration file. The later of two stands in the later file, or further down in the same one.
package struct FilePosition: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The file's name as the caller gave it.
    package let file: String
    /// Which of the files it is, from 0; names are for people, and two that look alike are still two.
    package let fileNumber: Int
    /// From 1.
    package let line: Int
    /// From 1, in bytes.
    package let column: Int

    package init(file: String, fileNumber: Int = 0, line: Int, column: Int) {
        self.file = file
        self.fileNumber = fileNumber
        self.line = line
        self.column = column
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.fileNumber, left.line, left.column) < (right.fileNumber, right.line, right.column)
    }

    /// `/etc/signet/signetd.toml:42:7`
    package var description: String { "\(file):\(line):\(column)" }
    /// `signetd.toml:42`: the file without its directory, as `explain` names the entry that matched.
    package var brief: String {
        let name = file.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? file
        return "\(name):\(line)"
    }
}
