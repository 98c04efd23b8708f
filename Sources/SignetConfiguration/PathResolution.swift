/// `path` as it is if absolute, else below `directory`.
func resolve(_ path: String, in directory: String) -> String {
    if path.utf8.first == UInt8(ascii: "/") || directory.isEmpty { return path }
    return directory.utf8.last == UInt8(ascii: "/") ? directory + path : directory + "/" + path
}

/// The path's parts, less empty ones and `.`, with `..` taken back: equal for two spellings of a path, links aside.
func pathParts(_ path: String) -> [[UInt8]] {
    var parts: [[UInt8]] = []
    for part in path.utf8.split(separator: UInt8(ascii: "/")) {
        switch String(Substring(part)) {
        case ".": continue
        case ".." where parts.last.map { $0 != Array("..".utf8) } ?? false: parts.removeLast()
        case ".." where path.utf8.first == UInt8(ascii: "/"): continue
        default: parts.append(Array(part))
        }
    }
    return parts
}
