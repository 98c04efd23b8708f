package import POSIX

/// Which files the daemon trusts: who owns them, and who else may write.
///
/// Whoever can write the configuration decides who signs; whoever can write above the keys can put others in their
/// place. Who may read is another matter, of `KeyAdmission`.
package struct FileAdmission {
    /// The user that the daemon runs as.
    let user: UInt32

    package init(user: UInt32) { self.user = user }

    /// Checks an open file that need not be secret.
    ///
    /// - Parameter what: As a message names it: "the configuration file".
    package func admit(file: borrowing Descriptor, path: String, what: String) throws(FileRefusal) {
        let status = try Self.status(of: file, path)
        guard status.isRegularFile else {
            throw FileRefusal(path, "is no regular file", fix: "replace it by the file itself")
        }
        try requireOwner(status, path, what: what)
        try requireNoOtherWriter(status, path, what: what)
    }

    /// Checks an open directory that need not be secret.
    package func admit(directory: borrowing Directory, what: String) throws(FileRefusal) {
        let status = try Self.status(of: directory.descriptor, directory.path)
        try requireOwner(status, directory.path, what: what)
        try requireNoOtherWriter(status, directory.path, what: what)
    }

    /// Root, or the daemon's user.
    func requireOwner(_ status: FileStatus, _ path: String, what: String) throws(FileRefusal) {
        guard status.owner == 0 || status.owner == user else {
            throw FileRefusal(
                path, "\(what) belongs to uid \(status.owner), not to root or uid \(user)",
                fix: "chown \(user) \(path)")
        }
    }

    /// A group may write if nobody is in it but those whose primary group it is: a user's own group.
    func requireNoOtherWriter(_ status: FileStatus, _ path: String, what: String) throws(FileRefusal) {
        let fix = "chmod go-w \(path)"
        if status.mode & 0o002 != 0 { throw FileRefusal(path, "\(what) can be written by everyone", fix: fix) }
        if status.mode & 0o020 != 0, try Self.hasMembers(status.group, path, fix: fix) {
            throw FileRefusal(path, "\(what) can be written by a group that has members", fix: fix)
        }
    }

    /// Whether others than the owner may be in the group.
    static func hasMembers(_ group: UInt32, _ path: String, fix: String) throws(FileRefusal) -> Bool {
        do throws(Errno) { return try UserDatabase.hasListedMembers(group: group) } catch {
            throw FileRefusal(path, "cannot tell who is in group \(group): \(error)", fix: fix)
        }
    }

    private static func status(of descriptor: borrowing Descriptor, _ path: String) throws(FileRefusal) -> FileStatus {
        do throws(Errno) { return try FileStatus(of: descriptor) } catch {
            throw FileRefusal(path, "cannot be read: \(error)", fix: "see the system's log")
        }
    }
}
