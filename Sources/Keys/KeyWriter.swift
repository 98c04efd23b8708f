internal import OpenSSL
internal import POSIX
internal import StrictJSON

/// Puts key files into a keyring's directory.
struct KeyWriter {
    private let path: String

    init(directory: String) { path = directory }

    /// Writes a key file under the name of its kid, readable by its owner alone (`FilePlacement`).
    ///
    /// A crash at any point leaves a directory that loads. Run by root, the file goes to the directory's owner and group.
    /// - Returns: The file's path.
    func write(_ contents: borrowing SecretBytes, kid: ByteString) throws(KeyError) -> String {
        try Self.requireFileName(kid, in: path)
        let directory = try Self.open(path)
        let name = kid.text + ".jwk"
        let file = directory.path(of: name)
        do throws(Errno) {
            try FilePlacement.place(name, in: directory, mode: 0o600, existing: .kept) { (file) throws(Errno) in
                try contents.withSpan { bytes throws(Errno) in try file.writeAll(bytes) }
            }
            return file
        } catch {
            if error == .exists {
                throw KeyError(file, "exists already", fix: "choose another kid, or remove it first")
            }
            throw KeyError(file, "cannot be written: \(error)", fix: "see `ls -ld \(path)`")
        }
    }

    /// Refuses a kid that cannot be the name of a file.
    static func requireFileName(_ kid: ByteString, in path: String) throws(KeyError) {
        guard !isFileName(kid) else { return }
        throw KeyError(
            path, "cannot name a file after the kid \(kid.quoted)",
            fix: "use letters, digits, '.', '_' and '-', at most 200, no '.' first")
    }

    private static func open(_ path: String) throws(KeyError) -> Directory {
        do throws(Errno) { return try Directory(path: path) } catch {
            if error == .noEntry { throw KeyError(path, "does not exist", fix: "make it: mkdir -m 0700 \(path)") }
            throw .unreadable(path, error)
        }
    }

    private static func isFileName(_ kid: ByteString) -> Bool {
        guard 1...200 ~= kid.bytes.count, kid.bytes[0] != UInt8(ascii: ".") else { return false }
        return kid.bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }
}
