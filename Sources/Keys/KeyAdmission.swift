internal import POSIX

/// Which files may hold keys: who owns them, who may read them, and what stands above them.
///
/// A key that somebody else could have written signs for somebody else; one that they can read is theirs as well.
struct KeyAdmission {
    /// The user that the daemon runs as.
    let user: UInt32
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

    init(user: UInt32, subject: Subject = .key) {
        self.user = user
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
        let status = try Self.status(atPath: parent)
        try requireOwner(status, parent, what: "a directory above the keys")
        // The sticky bit keeps others from exchanging what is not theirs.
        if status.mode & 0o1000 != 0 { return }
        if status.mode & 0o002 != 0 {
            throw KeyError(parent, "a directory above the keys can be written by everyone", fix: "chmod o-w \(parent)")
        }
        if status.mode & 0o020 != 0, try Self.hasMembers(status.group, parent) {
            throw KeyError(
                parent, "a directory above the keys can be written by a group that has members",
                fix: "chmod g-w \(parent)")
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
        guard status.owner == 0 || status.owner == user else {
            throw KeyError(
                path, "\(what) belongs to uid \(status.owner), not to root or uid \(user)",
                fix: "chown \(user) \(path)")
        }
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
        do throws(Errno) { return try UserDatabase.hasListedMembers(group: group) } catch {
            throw KeyError(path, "cannot tell who is in group \(group): \(error)", fix: "chmod 0600 \(path)")
        }
    }
}

extension KeyError {
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
