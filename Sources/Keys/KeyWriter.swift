internal import JOSE
internal import OpenSSL
internal import POSIX
internal import StrictJSON

/// Puts key files into a keyring's directory, and takes them out of it.
struct KeyWriter: ~Copyable {
    let directory: Directory

    init(directory path: String) throws(KeyError) {
        do throws(Errno) { directory = try Directory(path: path) } catch {
            if error == .noEntry { throw KeyError(path, "does not exist", fix: "make it: mkdir -m 0700 \(path)") }
            throw .unreadable(path, error)
        }
    }

    /// Writes a private JWK under the name of its kid.
    /// - Returns: The file's path.
    func write(_ contents: borrowing SecretBytes, kid: ByteString) throws(KeyError) -> String {
        try Self.requireFileName(kid, in: directory.path)
        // A sealed key of that kid would be a rival, and a ring with rivals does not load.
        try requireNone(KeyFile.jwe.name(kid))
        let name = KeyFile.jwk.name(kid)
        try contents.withSpan { (bytes) throws(KeyError) in try write(bytes, as: name) }
        return directory.path(of: name)
    }

    /// Writes a sealed JWK under the name of its kid.
    /// - Returns: The file's path.
    func write(sealed contents: [UInt8], kid: ByteString) throws(KeyError) -> String {
        try Self.requireFileName(kid, in: directory.path)
        try requireNone(KeyFile.jwk.name(kid))
        let name = KeyFile.jwe.name(kid)
        try write(contents.span, as: name)
        return directory.path(of: name)
    }

    /// Writes a file, readable by its owner alone (`FilePlacement`).
    ///
    /// A crash at any point leaves a directory that loads. Run by root, the file goes to the directory's owner and group.
    func write(
        _ contents: Span<UInt8>, as name: String, existing: FilePlacement.Existing = .kept
    ) throws(KeyError) {
        do throws(Errno) {
            try FilePlacement.place(name, in: directory, mode: 0o600, existing: existing, owner: .directory) {
                (file) throws(Errno) in try file.writeAll(contents)
            }
        } catch {
            if error == .exists { throw exists(name) }
            throw .unwritable(directory.path(of: name), error)
        }
    }

    /// Files that a crash left under their temporary names. They may hold plain keys, and none that is in use: a key
    /// gets its name before anything is told of it or removed for it.
    func leftovers() throws(KeyError) -> [String] {
        do throws(Errno) { return try directory.names().filter(FilePlacement.isTemporary) } catch {
            throw .unreadable(directory.path, error)
        }
    }

    /// Removes a file, and waits until that is on the disk.
    func remove(_ name: String) throws(KeyError) {
        do throws(Errno) {
            try directory.remove(name)
            try directory.synchronize()
        } catch {
            throw KeyError(
                directory.path(of: name), "cannot be removed: \(error)", fix: "see `ls -ld \(directory.path)`")
        }
    }

    /// The user that the directory belongs to.
    func owner() throws(KeyError) -> UInt32 {
        do throws(Errno) { return try FileStatus(of: directory.descriptor).owner } catch {
            throw .unreadable(directory.path, error)
        }
    }

    /// Whether anything stands under that name, be it a link.
    func has(_ name: String) throws(KeyError) -> Bool {
        do throws(Errno) { return try directory.holds(name) } catch {
            throw .unreadable(directory.path(of: name), error)
        }
    }

    /// Refuses a kid that cannot be the name of a file.
    static func requireFileName(_ kid: ByteString, in path: String) throws(KeyError) {
        guard !isFileName(kid) else { return }
        throw KeyError(
            path, "cannot name a file after the kid \(kid.quoted)",
            fix: "use letters, digits, '.', '_' and '-', at most 200, no '.' first")
    }

    /// Whether a file can be named after a kid.
    static func isFileName(_ kid: ByteString) -> Bool {
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

    private func requireNone(_ name: String) throws(KeyError) { if try has(name) { throw exists(name) } }

    private func exists(_ name: String) -> KeyError {
        KeyError(
            directory.path(of: name), "exists already", fix: "choose another kid, or remove it first")
    }
}
