internal import Glibc

/// What fstat(2) says of an open file: no name can be exchanged between the check and the use.
package struct FileStatus: Equatable, Sendable {
    package let isRegularFile: Bool
    package let isDirectory: Bool
    package let isSocket: Bool
    /// Permission bits with set-id and sticky bits: 0o7777.
    package let mode: UInt32
    package let owner: UInt32
    package let group: UInt32
    package let linkCount: UInt64
    package let device: UInt64
    package let inode: UInt64
    /// Bytes.
    package let size: Int
    /// Seconds since 1970-01-01 UTC.
    package let modified: Int64

    private init(_ status: stat) {
        isRegularFile = status.st_mode & S_IFMT == S_IFREG
        isDirectory = status.st_mode & S_IFMT == S_IFDIR
        isSocket = status.st_mode & S_IFMT == S_IFSOCK
        mode = status.st_mode & 0o7777
        owner = status.st_uid
        group = status.st_gid
        linkCount = UInt64(status.st_nlink)
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int(status.st_size)
        modified = Int64(status.st_mtim.tv_sec)
    }

    /// The status of an open file.
    package init(of descriptor: borrowing Descriptor) throws(Errno) {
        var status = stat()
        // Reason: fstat(2) fills the struct of this frame.
        guard unsafe fstat(descriptor.raw, &status) == 0 else { throw .last }
        self.init(status)
    }

    /// The status of what stands at `path`, links followed.
    package init(path: String) throws(Errno) {
        var status = stat()
        // Reason: stat(2) reads the path and fills the struct of this frame.
        guard unsafe stat(path, &status) == 0 else { throw .last }
        self.init(status)
    }
}
