internal import CLinux
internal import Glibc

/// An open directory: files are named relative to it, so that no part of its path can be exchanged meanwhile.
package struct Directory: ~Copyable {
    package let descriptor: Descriptor
    /// As it was opened, for messages.
    package let path: String

    /// - Parameter followsLink: Whether `path` itself may be a symbolic link; else ENOTDIR. Links above it are followed.
    package init(path: String, followsLink: Bool = true) throws(Errno) {
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (followsLink ? 0 : O_NOFOLLOW)
        // Reason: the path lives for the call.
        descriptor = Descriptor(owning: try Errno.check(unsafe clinux_open_at(AT_FDCWD, path, flags, 0)))
        self.path = path
    }

    /// The path of a file in it, for messages.
    package func path(of name: String) -> String { path.hasSuffix("/") ? path + name : path + "/" + name }

    /// The names in it, sorted by bytes, without `.` and `..`.
    package func names() throws(Errno) -> [String] {
        // Reason: fdopendir(3) owns the duplicate and readdir(3)'s entry is read before the next call.
        let duplicate = try Errno.check(
            unsafe clinux_open_at(descriptor.raw, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0))
        guard let stream = unsafe fdopendir(duplicate) else {
            close(duplicate)
            throw .last
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Opens a file to be read; ELOOP when the name is a symbolic link. Never waits, not for a FIFO's writer either.
    package func open(_ name: String) throws(Errno) -> Descriptor {
        let flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
        return Descriptor(owning: try Errno.check(unsafe clinux_open_at(descriptor.raw, name, flags, 0)))
    }

    /// Whether anything stands under that name, be it a link. Needs no descriptor.
    package func holds(_ name: String) throws(Errno) -> Bool {
        let raw = descriptor.raw
        var status = stat()
        // Reason: the name lives for the call, which fills the struct of this frame.
        do throws(Errno) { try Errno.retrying { unsafe fstatat(raw, name, &status, AT_SYMLINK_NOFOLLOW) } } catch {
            if error == .noEntry { return false }
            throw error
        }
        return true
    }

    /// Makes a file that does not exist yet, to be written, with exactly these permission bits.
    package func create(_ name: String, mode: UInt32) throws(Errno) -> Descriptor {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let file = Descriptor(owning: try Errno.check(unsafe clinux_open_at(descriptor.raw, name, flags, mode)))
        let raw = file.raw
        try Errno.retrying { fchmod(raw, mode) }
        return file
    }

    /// Gives an open file to an owner and a group.
    package func give(_ file: borrowing Descriptor, owner: UInt32, group: UInt32) throws(Errno) {
        let raw = file.raw
        try Errno.retrying { fchown(raw, owner, group) }
    }

    /// Makes a directory with exactly these permission bits. Made by root, it goes to whom this one belongs to.
    package func makeDirectory(_ name: String, mode: UInt32) throws(Errno) {
        let raw = descriptor.raw
        // Reason: the name lives for each call.
        try Errno.retrying { unsafe mkdirat(raw, name, 0o700) }
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let made = Descriptor(owning: try Errno.check(unsafe clinux_open_at(raw, name, flags, 0)))
        let home = try FileStatus(of: descriptor)
        if ThisProcess.userID == 0, home.owner != 0 { try give(made, owner: home.owner, group: home.group) }
        let rawMade = made.raw
        try Errno.retrying { fchmod(rawMade, mode) }
        try synchronize()
    }

    /// Renames within the directory; EEXIST when the target exists.
    package func rename(_ name: String, to target: String) throws(Errno) {
        try Errno.check(unsafe clinux_rename_without_replacing(descriptor.raw, name, target))
    }

    /// Renames within the directory; what had the target's name is gone with the same step.
    package func rename(_ name: String, replacing target: String) throws(Errno) {
        let raw = descriptor.raw
        // Reason: both names live for the call.
        try Errno.retrying { unsafe renameat(raw, name, raw, target) }
    }

    /// Removes a file.
    package func remove(_ name: String) throws(Errno) {
        let raw = descriptor.raw
        try Errno.retrying { unsafe unlinkat(raw, name, 0) }
    }

    /// Waits until the names in it are on the disk.
    package func synchronize() throws(Errno) {
        let raw = descriptor.raw
        try Errno.retrying { fsync(raw) }
    }
}

extension Descriptor {
    /// Opens a file by path to be read, links followed.
    ///
    /// - Parameter waits: Whether to wait for a FIFO's writer.
    package static func open(_ path: String, waits: Bool = true) throws(Errno) -> Descriptor {
        let flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | (waits ? 0 : O_NONBLOCK)
        return Descriptor(owning: try Errno.check(unsafe clinux_open_at(AT_FDCWD, path, flags, 0)))
    }

    /// Waits until the file's bytes are on the disk.
    package func synchronize() throws(Errno) {
        let raw = raw
        try Errno.retrying { fsync(raw) }
    }

    /// Reads at most `limit` bytes, as many as are there; none at the end. Not for secrets.
    package func readSome(limit: Int) throws(Errno) -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: limit)
        var span = chunk.mutableSpan
        let count = try read(into: &span)
        chunk.removeSubrange(count...)
        return chunk
    }

    /// Reads to the end; EFBIG when there are more than `limit` bytes. Not for secrets.
    package func readAll(limit: Int) throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let chunk = try readSome(limit: 16_384)
            if chunk.isEmpty { return bytes }
            bytes += chunk
            if bytes.count > limit { throw Errno(EFBIG) }
        }
    }
}
