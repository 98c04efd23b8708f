package import SignetConfiguration
internal import Keys
internal import POSIX

/// The configuration where it lies: the main file, and `profiles.d/*.toml` in the directory beside it.
///
/// Reading changes nothing and logs nothing: whoever reads decides what a broken file means.
package struct ConfigurationFiles {
    /// The main file, as the operator names it.
    package let path: String
    /// The user that the daemon runs as.
    let user: UInt32

    /// What the files say.
    package struct Reading {
        /// Of the sound files.
        package let settings: Settings
        /// What is allowed but probably not meant, a line each.
        package let warnings: [String]
        /// What is wrong with files of profiles.d, a line each; empty when the settings are whole.
        package let problems: [String]
        /// The files of profiles.d of which nothing counts; or the directory, if it cannot be used.
        package let brokenFiles: [String]
    }

    /// Nothing counts: the main file is broken.
    package struct Failure: Error {
        /// What is wrong with all files, a line each.
        package let problems: [String]
    }

    package init(path: String, user: UInt32) {
        self.path = path
        self.user = user
    }

    package func read() throws(Failure) -> Reading {
        let main: SourceFile
        do throws(FileRefusal) { main = try readMain() } catch { throw Failure(problems: [error.description]) }
        let (further, refusals) = readFurther(besides: main)
        let refused = refusals.map(\.description)
        do throws(ConfigurationError) {
            let decoded = try Settings.decode(main: main, further: further, unreadable: refusals.map(\.file))
            return Reading(
                settings: decoded.settings, warnings: decoded.warnings,
                problems: refused + decoded.problems.map(\.description),
                brokenFiles: refusals.map(\.file) + decoded.brokenFiles)
        } catch { throw Failure(problems: error.problems.map(\.description) + refused) }
    }

    private func readMain() throws(FileRefusal) -> SourceFile {
        let directory: String
        let file: Descriptor
        do throws(Errno) {
            // By its real path, so that the file and what lies beside it are of one place.
            let real = try FilePath.real(path)
            directory = FilePath.directory(of: real)
            file = try Descriptor.open(real, waits: false)
        } catch { throw FileRefusal(path, "\(error)", fix: "name another file with --config") }
        return SourceFile(try contents(of: file, path), name: path, directory: directory)
    }

    /// The files of profiles.d, sorted by the bytes of their names, and those that are refused. None without it.
    private func readFurther(besides main: SourceFile) -> ([SourceFile], [FileRefusal]) {
        let path = FilePath.resolve("profiles.d", below: main.directory)
        do throws(FileRefusal) {
            guard let directory = try Self.directory(path) else { return ([], []) }
            try FileAdmission(user: user).admit(directory: directory, what: "the directory of configuration files")
            return read(try Self.names(in: directory), in: directory)
        } catch { return ([], [error]) }
    }

    private func read(_ names: [String], in directory: borrowing Directory) -> ([SourceFile], [FileRefusal]) {
        var sources: [SourceFile] = []
        var refusals: [FileRefusal] = []
        for name in names {
            let path = directory.path(of: name)
            do throws(FileRefusal) {
                let bytes = try contents(of: try Self.open(name, in: directory, path), path)
                sources.append(SourceFile(bytes, name: path, directory: directory.path))
            } catch { refusals.append(error) }
        }
        return (sources, refusals)
    }

    /// Largest file, in bytes.
    private static let largestFile = 4 << 20

    private func contents(of file: borrowing Descriptor, _ path: String) throws(FileRefusal) -> [UInt8] {
        try FileAdmission(user: user).admit(file: file, path: path, what: "the configuration file")
        do throws(Errno) { return try file.readAll(limit: Self.largestFile) } catch {
            throw FileRefusal(
                path, "cannot be read: \(error)",
                fix: "see that it is a configuration file of at most \(Self.largestFile) bytes")
        }
    }

    /// nil: there is none.
    private static func directory(_ path: String) throws(FileRefusal) -> Directory? {
        do throws(Errno) { return try Directory(path: path, followsLink: false) } catch {
            switch error {
            case .noEntry: return nil
            case .notDirectory, .isLink:
                throw FileRefusal(path, "is no directory, or a link to one", fix: "replace it by the directory itself")
            default: throw unreadable(path, error)
            }
        }
    }

    /// Hidden files and other names are passed over.
    private static func names(in directory: borrowing Directory) throws(FileRefusal) -> [String] {
        do throws(Errno) {
            // Bytes: a name with a combining mark behind the suffix is another name.
            return try directory.names().filter {
                $0.utf8.first != UInt8(ascii: ".") && $0.utf8.suffix(5).elementsEqual(".toml".utf8)
            }
        } catch { throw unreadable(directory.path, error) }
    }

    private static func open(
        _ name: String, in directory: borrowing Directory, _ path: String
    ) throws(FileRefusal) -> Descriptor {
        do throws(Errno) { return try directory.open(name) } catch {
            if error == .isLink {
                throw FileRefusal(path, "is a symbolic link", fix: "replace it by the file itself")
            }
            throw unreadable(path, error)
        }
    }

    private static func unreadable(_ path: String, _ error: Errno) -> FileRefusal {
        FileRefusal(path, "cannot be read: \(error)", fix: "let the daemon's user read it")
    }
}
