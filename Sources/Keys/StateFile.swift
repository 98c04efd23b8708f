internal import POSIX
package import StrictJSON

/// `state.json` in the state directory: the daemon's `KeyHistory` on the disk. One daemon at a time has it.
///
/// Written at each change of what signs and now and then, never per request. After a crash, what may have been signed
/// meanwhile is taken to live as long as any token can (rule ROT-2).
package struct StateFile: ~Copyable {
    private let lock: FileLock
    /// What was written last: the same is not written again.
    private var written: [UInt8] = []
    /// The path of the file.
    package let path: String

    static let name = "state.json"
    /// Largest state file, in bytes: some hundred thousand keys.
    private static let largest = 32 << 20
    /// A writing is due after so many seconds, if anything has changed.
    package static let interval: Int64 = 60

    /// Why the state is not known.
    package enum Fault: Error, Equatable {
        /// Its file cannot be used. Where it could not be read, it is kept under another name, for a person to look at.
        case unusable(KeyError)
        /// There was no descriptor or no memory to read it with: it may be whole, and must not be written over.
        case exhausted(KeyError)

        /// What to tell.
        package var error: KeyError {
            switch self {
            case .unusable(let error), .exhausted(let error): error
            }
        }
    }

    /// Claims the directory's state file.
    package init(directory: String) throws(Fault) {
        path = FilePath.resolve(Self.name, below: directory)
        let lockPath = FilePath.resolve("state.lock", below: directory)
        do throws(Errno) { lock = try FileLock(path: lockPath) } catch {
            switch error {
            case .wouldBlock:
                throw .unusable(
                    KeyError(path, "is kept by another signetd", fix: "give each its own state_directory"))
            case .noEntry:
                throw .unusable(
                    KeyError(
                        directory, "does not exist", fix: "make it, owned by the daemon's user: mkdir -m 0755"))
            case _ where error.isExhaustion:
                throw .exhausted(KeyError(lockPath, "cannot be locked: \(error)", fix: "see the system's log"))
            default:
                throw .unusable(
                    KeyError(directory, "cannot be written: \(error)", fix: "give it to the daemon's user"))
            }
        }
    }

    /// What the file says at `now`; nil when there is none yet.
    ///
    /// - Parameter user: The daemon's; the file must be its own or root's.
    package borrowing func read(user: UInt32, at now: Int64) throws(Fault) -> KeyHistory? {
        do throws(Fault) { return try Self.read(path, user: user, at: now) } catch {
            guard case .unusable(let error) = error else { throw error }
            let kept = Self.name + ".unreadable"
            guard let directory = try? Directory(path: FilePath.directory(of: path)),
                (try? directory.rename(Self.name, replacing: kept)) != nil
            else { throw .unusable(error) }
            throw .unusable(
                KeyError(path, error.problem, fix: "look at \(kept) beside it; keys are taken to have signed until now")
            )
        }
    }

    /// What the file in a state directory says, for tools. The daemon may be running.
    package static func peek(directory: String, user: UInt32, at now: Int64) throws(KeyError) -> KeyHistory? {
        do throws(Fault) {
            return try read(FilePath.resolve(name, below: directory), user: user, at: now)
        } catch { throw error.error }
    }

    private static func read(_ path: String, user: UInt32, at now: Int64) throws(Fault) -> KeyHistory? {
        let file: Descriptor
        do throws(Errno) { file = try Directory(path: FilePath.directory(of: path)).open(name) } catch {
            if error == .noEntry { return nil }
            throw unread(path, error)
        }
        do throws(FileRefusal) {
            try FileAdmission(user: user).admit(file: file, path: path, what: "the state file")
        } catch { throw .unusable(KeyError(error)) }
        let text: [UInt8]
        do throws(Errno) { text = try file.readAll(limit: largest) } catch { throw unread(path, error) }
        do throws(StateText.Fault) { return try StateText.read(text, at: now) } catch {
            throw .unusable(KeyError(path, "cannot be understood: \(error.problem)", fix: "remove it"))
        }
    }

    private static func unread(_ path: String, _ error: Errno) -> Fault {
        error.isExhaustion ? .exhausted(.unreadable(path, error)) : .unusable(.unreadable(path, error))
    }

    /// Replaces the file, unless it says the same already.
    ///
    /// - Parameters:
    ///   - rings: What is served.
    ///   - formerSigners: The kids that signed for each ring a moment ago.
    ///   - isRunning: false: nothing is signed any more.
    package mutating func write(
        _ history: KeyHistory, serving rings: [Keyring], formerSigners: [ByteString: ByteString] = [:],
        isRunning: Bool, at now: Int64
    ) throws(KeyError) {
        let text = StateText.write(
            history, serving: rings, formerSigners, isRunning: isRunning, at: now, interval: 2 * Self.interval)
        if text == written { return }
        do throws(Errno) { try FilePlacement.replace(path, with: text, mode: 0o600) } catch {
            throw KeyError(
                path, "cannot be written: \(error)",
                fix: "see `df \(path)` and `ls -ld \(FilePath.directory(of: path))`")
        }
        written = text
    }
}
