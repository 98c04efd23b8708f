/// Where a key or a value stands in its file.
package struct Position: Hashable, Sendable {
    /// From 1.
    package let line: Int
    /// From 1, in bytes.
    package let column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}
