/// The text of a configuration file, read by somebody else.
package struct SourceFile: Sendable {
    package let bytes: [UInt8]
    /// As messages show it.
    package let name: String
    /// Relative paths in the file are below it.
    package let directory: String

    package init(_ bytes: [UInt8], name: String, directory: String) {
        self.bytes = bytes
        self.name = name
        self.directory = directory
    }
}
