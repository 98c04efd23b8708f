internal import OpenSSL
package import POSIX
internal import StrictJSON

/// Puts a whole file into a directory or nothing: temporary name, mode before content, on the disk before its name
/// (rename), then the directory. A crash at any point leaves the old file or the new one.
package enum FilePlacement {
    /// What becomes of a file that has the name already.
    package enum Existing: Sendable { case kept, replaced }

    /// Whose the new file is.
    package enum Owner: Sendable {
        case writer
        /// Made by root, it goes to the owner and group of the directory: keys are for the daemon to read.
        case directory
    }

    /// - Parameters:
    ///   - name: Within the directory.
    ///   - mode: Permission bits.
    ///   - existing: `kept` fails with EEXIST.
    ///   - write: Writes the contents.
    /// - Throws: Of `write`, or of the system; the file that had the name is there then, or the new one as a whole.
    package static func place(
        _ name: String, in directory: borrowing Directory, mode: UInt32, existing: Existing, owner: Owner,
        _ write: (borrowing Descriptor) throws(Errno) -> Void
    ) throws(Errno) {
        let temporary = try temporaryName()
        let file = try directory.create(temporary, mode: mode)
        do throws(Errno) {
            let home = try FileStatus(of: directory.descriptor)
            if owner == .directory, ThisProcess.userID == 0, home.owner != 0 {
                try directory.give(file, owner: home.owner, group: home.group)
            }
            try write(file)
            try file.synchronize()
            switch existing {
            case .kept: try directory.rename(temporary, to: name)
            case .replaced: try directory.rename(temporary, replacing: name)
            }
        } catch {
            try? directory.remove(temporary)
            throw error
        }
        try directory.synchronize()
    }

    /// Places a file that replaces its namesake.
    package static func replace(_ path: String, with contents: [UInt8], mode: UInt32) throws(Errno) {
        let directory = try Directory(path: FilePath.directory(of: path))
        try place(
            FilePath.name(of: path), in: directory, mode: mode, existing: .replaced, owner: .writer
        ) { (file) throws(Errno) in try file.writeAll(contents.span) }
    }

    /// Whether a file of that name was being written when its writer ended.
    package static func isTemporary(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        let (start, end) = (Array(".".utf8), Array(".new".utf8))
        guard bytes.starts(with: start), bytes.suffix(end.count).elementsEqual(end) else { return false }
        let digits = bytes[start.count...].dropLast(end.count)
        return digits.count == 16 && digits.allSatisfy { "0123456789abcdef".utf8.contains($0) }
    }

    /// Random and hidden: what a crash left behind is in nobody's way, nor are two who write at once.
    private static func temporaryName() throws(Errno) -> String {
        guard let name = try? ".\(RandomPool().hexadecimal(bytes: 8)).new" else { throw .noMemory }
        return name
    }
}
