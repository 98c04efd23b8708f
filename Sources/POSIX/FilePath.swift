internal import Glibc

/// Paths as text, resolved without touching what they name.
package enum FilePath {
    /// `path` below `directory`, unless it is absolute already.
    package static func resolve(_ path: String, below directory: String) -> String {
        if path.utf8.first == UInt8(ascii: "/") { return path }
        return directory.hasSuffix("/") ? directory + path : directory + "/" + path
    }

    /// The directory part: "/a/b" of "/a/b/c", "." of "c".
    package static func directory(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The part behind the last slash: "c" of "/a/b/c", "" of "/a/b/".
    package static func name(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
        return String(decoding: path.utf8[path.utf8.index(after: slash)...], as: UTF8.self)
    }

    /// The path with every link followed, absolute.
    package static func real(_ path: String) throws(Errno) -> String {
        // Reason: realpath(3) allocates the result, which is copied and freed.
        guard let resolved = unsafe realpath(path, nil) else { throw .last }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    /// Every directory from the root to `path` itself: "/", "/a", "/a/b".
    package static func ancestors(of path: String) -> [String] {
        var result = ["/"]
        var current = ""
        // Bytes: a combining mark behind a slash would hide it from String's characters.
        for part in path.utf8.split(separator: UInt8(ascii: "/")) {
            current += "/" + String(Substring(part))
            result.append(current)
        }
        return result
    }
}
