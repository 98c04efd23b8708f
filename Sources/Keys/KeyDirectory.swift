package import JOSE
internal import OpenSSL
internal import POSIX
package import StrictJSON

/// A directory of key files, read as a whole: all of it is admitted, or nothing.
///
/// Each `*.jwk`, `*.pem` and `*.jwe` (sealed) is one key, each `*.jwks` some. Other names and hidden files are passed over.
package struct KeyDirectory {
    private let path: String
    private let admission: KeyAdmission

    /// - Parameter user: The user that the daemon runs as.
    package init(path: String, user: UInt32) {
        self.path = path
        admission = KeyAdmission(user: user)
    }

    /// Reads the keys of a ring, with what a person should hear about them.
    ///
    /// Runs on a stack of its own that is gone afterwards: what OpenSSL leaves there of a key goes with it.
    ///
    /// - Parameters:
    ///   - name: The ring's; sealed keys must have been sealed for it.
    ///   - keks: What sealed keys are opened with. Nothing of them is kept.
    package func load(
        ring name: ByteString, algorithm: Algorithm, keks: KeyEncryptionKeys
    ) throws(KeyError) -> (Keyring, warnings: [String]) {
        let outcome: Result<Contents, KeyError>
        do throws(Errno) {
            outcome = try withDisposableStack {
                do throws(KeyError) { return .success(try read(name, algorithm, keks)) } catch {
                    return .failure(error)
                }
            }
        } catch {
            throw KeyError(path, "cannot be read: no locked stack to read it on (\(error))", fix: "raise LimitMEMLOCK")
        }
        let contents = try outcome.get()
        let keyring = Keyring(
            name: name, algorithm: algorithm, keys: contents.keys, revoked: contents.revoked,
            fileTimes: contents.fileTimes)
        return (keyring, contents.warnings)
    }

    /// What the files of a directory say.
    private struct Contents: Sendable {
        var keys: [Key] = []
        var revoked: [ByteString] = []
        /// When the file of a key was last written, by kid.
        var fileTimes: [ByteString: Int64] = [:]
        var warnings: [String] = []
    }

    private func read(
        _ ring: ByteString, _ algorithm: Algorithm, _ keks: KeyEncryptionKeys
    ) throws(KeyError) -> Contents {
        let directory: Directory
        do throws(Errno) { directory = try Directory(path: path) } catch { throw .unreadable(path, error) }
        try admission.admit(directory: directory)
        let names: [String]
        do throws(Errno) { names = try directory.names() } catch { throw .unreadable(path, error) }
        var contents = Contents()
        contents.revoked = try RevocationList(in: directory, admission).kids
        for name in names {
            guard let kind = KeyFile(name: name) else { continue }
            let path = directory.path(of: name)
            let secret = try admission.readSecret(name, in: directory, path)
            for key in try kind.keys(secret, path: path, ring: ring, algorithm, keks) {
                try Self.add(key, to: &contents.keys, &contents.warnings)
                contents.fileTimes[key.kid] = (try? FileStatus(path: path))?.modified ?? 0
            }
        }
        return contents
    }

    /// Two files with one kid and the same key are one key; with other keys, an error.
    private static func add(_ key: Key, to keys: inout [Key], _ warnings: inout [String]) throws(KeyError) {
        guard let position = keys.firstIndex(where: { $0.kid == key.kid }) else { return keys.append(key) }
        let twin = keys[position]
        guard twin.material.fingerprint == key.material.fingerprint else {
            throw KeyError(
                key.file, "its kid \(key.kid.quoted) is that of another key, in \(twin.file)",
                fix: "remove one of the two")
        }
        warnings.append("\(key.file) holds the same key as \(twin.file)")
        // The first file counts, unless the other one revokes the key, or has the private half that the first lacks.
        let completes = key.material.canSign && !twin.material.canSign && !twin.times.isRevoked
        if key.times.isRevoked || completes { keys[position] = key }
    }
}
