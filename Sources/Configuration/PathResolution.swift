/// `path` as it is if absolute, else below `directory`.
func resolve(_ path: String, in directory: String) -> String {
    if path.utf8.first == UInt8(ascii: "/") || directory.isEmpty { return path }
    return directory.utf8.last == UInt8(ascii: "/") ? directory + path : directory + "/" + path
}

/// The path's parts less empty ones and `.`: equal for two spellings of a path, links aside.
func pathParts(_ path: String) -> [[UInt8]] {
    path.utf8.split(separator: UInt8(ascii: "/")).map { Array($0) }.filter { $0 != [UInt8(ascii: ".")] }
}
