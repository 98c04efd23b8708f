internal import OpenSSL
internal import POSIX

/// A file that a person names, read straight into locked memory.
struct SecretFile: ~Copyable {
    var contents: SecretBytes
    /// Whether everyone on the host can read the file.
    let isOpenToAll: Bool

    /// - Parameters:
    ///   - path: `-` is standard input; pipes will do, too.
    ///   - limit: The most bytes that it may have.
    init(path: String, limit: Int = KeyAdmission.largestFile) throws(KeyError) {
        let file = try Self.open(path)
        let status: FileStatus
        do throws(Errno) { status = try FileStatus(of: file) } catch { throw .unreadable(path, error) }
        if status.isDirectory { throw KeyError(path, "is a directory", fix: "name the file in it") }
        // No more room than a file needs: locked memory is scarce. A pipe does not say what it holds.
        let room = status.isRegularFile ? min(status.size, limit) : limit
        let contents = try Self.read(file, limit: room, path)
        guard contents.count > 0 else { throw KeyError(path, "is empty", fix: "see whether it is the right file") }
        guard contents.count <= limit else {
            throw KeyError(path, "is larger than \(limit) bytes", fix: "see whether it is the right file")
        }
        guard contents.count <= room else {
            throw KeyError(path, "changed while it was read", fix: "try again when its writer has finished")
        }
        self.contents = contents
        isOpenToAll = status.isRegularFile && status.mode & 0o004 != 0 && !Self.isStandardInput(path)
    }

    /// Reads an open file to its end. Of one that is longer than `limit`, `limit` + 1 bytes come back.
    static func read(_ file: borrowing Descriptor, limit: Int, _ path: String) throws(KeyError) -> SecretBytes {
        var contents = try allocate(limit + 1, path)
        var count = 0
        do throws(Errno) {
            while count < contents.count {
                let read = try contents.withMutableSpan { (bytes) throws(Errno) in
                    try file.read(into: &bytes, from: count)
                }
                if read == 0 { break }
                count += read
            }
        } catch { throw .unreadable(path, error) }
        contents.truncate(to: count)
        return contents
    }

    /// Locked memory for what a file holds.
    static func allocate(_ count: Int, _ path: String) throws(KeyError) -> SecretBytes {
        do throws(SecretMemoryError) { return try SecretBytes(count: count) } catch {
            throw .outOfSecretMemory(path)
        }
    }

    private static func isStandardInput(_ path: String) -> Bool { path.utf8.elementsEqual("-".utf8) }

    private static func open(_ path: String) throws(KeyError) -> Descriptor {
        do throws(Errno) { return try Descriptor.open(isStandardInput(path) ? "/dev/stdin" : path) } catch {
            if error == .noEntry { throw KeyError(path, "does not exist", fix: "see whether the path is right") }
            throw KeyError(path, "cannot be read: \(error)", fix: "see `ls -l \(path)`")
        }
    }
}

extension KeyAdmission {
    /// Reads a file of a key directory, if it is admitted.
    func readSecret(
        _ name: String, in directory: borrowing Directory, _ path: String
    ) throws(KeyError) -> SecretBytes {
        let file = try open(name, in: directory, path)
        let status = try admit(file: file, path: path)
        let contents = try SecretFile.read(file, limit: status.size, path)
        guard contents.count == status.size else {
            throw KeyError(path, "changed while it was read", fix: "reload when its writer has finished")
        }
        return contents
    }

    private func open(
        _ name: String, in directory: borrowing Directory, _ path: String
    ) throws(KeyError) -> Descriptor {
        do throws(Errno) { return try directory.open(name) } catch {
            if error == .noEntry { throw KeyError(path, "does not exist", fix: subject.creation) }
            throw .unreadable(path, error)
        }
    }
}
