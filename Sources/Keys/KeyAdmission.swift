internal import POSIX

/// Which files may hold keys: who owns them, who may read them, and what stands above them.
///
/// A key that somebody else could have written signs for somebody else; one that they can read is theirs as well.
struct KeyAdmission {
    /// The rules that hold for other files as well.
    let files: FileAdmission
    /// What the files hold.
    let subject: Subject

    enum Subject {
        case key, kek

        var noun: String { self == .key ? "key" : "KEK" }
        /// How to come by such a file.
        var creation: String {
            self == .key ? "make a key with `signet key new`" : "make a KEK with `signet key new-kek`"
        }
    }

    /// - Parameter user: The user that the daemon runs as.
    init(user: UInt32, subject: Subject = .key) {
        files = FileAdmission(user: user)
        self.subject = subject
    }

    /// Largest key file in bytes; a 16,384-bit RSA key as a JWK is below 20,000.
    static let largestFile = 65_536

    /// Checks the directory itself and every directory above it.
    func admit(directory: borrowing Directory) throws(KeyError) {
        let path = directory.path
        let status = try Self.status(of: directory.descriptor, path)
        try requireOwner(status, path, what: "the \(subject.noun) directory")
        if status.mode & 0o022 != 0 {
            throw KeyError(
                path, "the \(subject.noun) directory can be written by \(Self.writers(status.mode))",
                fix: "chmod 0700 \(path)")
        }
        for parent in FilePath.ancestors(of: try Self.realPath(path)).dropLast() {
            try admit(parent: parent)
        }
    }

    /// Who can write in a directory above the keys can put others in their place.
    private func admit(parent: String) throws(KeyError) {
        let what = "a directory above the keys"
        let status = try Self.status(atPath: parent)
        try requireOwner(status, parent, what: what)
        // The sticky bit keeps others from exchanging what is not theirs.
        if status.mode & 0o1000 != 0 { return }
        do throws(FileRefusal) { try files.requireNoOtherWriter(status, parent, what: what) } catch {
            throw KeyError(error)
        }
    }

    /// Checks an open key file.
    func admit(file: borrowing Descriptor, path: String) throws(KeyError) -> FileStatus {
        let status = try Self.status(of: file, path)
        guard status.isRegularFile else {
            throw KeyError(path, "is no regular file", fix: "replace it by the \(subject.noun) file itself")
        }
        try requireOwner(status, path, what: "the \(subject.noun) file")
        if status.mode & 0o006 != 0 {
            throw KeyError(
                path, "everyone can \(status.mode & 0o004 != 0 ? "read" : "write") the \(subject.noun) file",
                fix: "chmod 0600 \(path), and replace the \(subject.noun) if others were on this host")
        }
        if status.mode & 0o020 != 0 {
            throw KeyError(path, "its group can write the \(subject.noun) file", fix: "chmod 0600 \(path)")
        }
        if status.mode & 0o040 != 0, try Self.hasMembers(status.group, path) {
            throw KeyError(
                path, "its group can read the \(subject.noun) file and has members", fix: "chmod 0600 \(path)")
        }
        guard status.size > 0, status.size <= Self.largestFile else {
            throw KeyError(
                path, status.size == 0 ? "is empty" : "is larger than \(Self.largestFile) bytes",
                fix: subject.creation)
        }
        return status
    }

    private func requireOwner(_ status: FileStatus, _ path: String, what: String) throws(KeyError) {
        do throws(FileRefusal) { try files.requireOwner(status, path, what: what) } catch { throw KeyError(error) }
    }

    private static func writers(_ mode: UInt32) -> String { mode & 0o002 != 0 ? "everyone" : "its group" }

    private static func status(of descriptor: borrowing Descriptor, _ path: String) throws(KeyError) -> FileStatus {
        do throws(Errno) { return try FileStatus(of: descriptor) } catch { throw .unreadable(path, error) }
    }

    private static func status(atPath path: String) throws(KeyError) -> FileStatus {
        do throws(Errno) { return try FileStatus(path: path) } catch { throw .unreadable(path, error) }
    }

    private static func realPath(_ path: String) throws(KeyError) -> String {
        do throws(Errno) { return try FilePath.real(path) } catch { throw .unreadable(path, error) }
    }

    private static func hasMembers(_ group: UInt32, _ path: String) throws(KeyError) -> Bool {
        do throws(FileRefusal) {
            return try FileAdmission.hasMembers(group, path, fix: "chmod 0600 \(path)")
        } catch { throw KeyError(error) }
    }
}

extension KeyError {
    init(_ refusal: FileRefusal) { self.init(refusal.file, refusal.problem, fix: refusal.fix) }

    static func unwritable(_ path: String, _ error: Errno) -> KeyError {
        let directory = FilePath.directory(of: path)
        return KeyError(
            path, "cannot be written: \(error)",
            fix: error.isLackOfSpace ? "make room: `df \(directory)`" : "see `ls -ld \(directory)`")
    }

    static func unreadable(_ path: String, _ error: Errno) -> KeyError {
        switch error {
        case .noEntry: KeyError(path, "does not exist", fix: "make it, then a key with `signet key new`")
        case .isLink: KeyError(path, "is a symbolic link", fix: "replace it by the file itself")
        case .accessDenied: KeyError(path, "cannot be read: \(error)", fix: "give it to the daemon's user")
        case .notDirectory: KeyError(path, "is no directory", fix: "name the directory that holds the keys")
        default: KeyError(path, "cannot be read: \(error)", fix: "see the system's log")
        }
    }
}
