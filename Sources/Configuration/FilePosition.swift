/// A place in a configuration file.
package struct FilePosition: Hashable, Sendable, CustomStringConvertible {
    /// The file's name as the caller gave it.
    package let file: String
    /// From 1.
    package let line: Int
    /// From 1, in bytes.
    package let column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// `/etc/signet/signetd.toml:42:7`
    package var description: String { "\(file):\(line):\(column)" }
    /// `signetd.toml:42`: the file without its directory, as `explain` names the entry that matched.
    package var brief: String {
        let name = file.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? file
        return "\(name):\(line)"
    }
}
