internal import JOSE
internal import OpenSSL
internal import POSIX
internal import StrictJSON

/// The KEKs of one load, in locked memory. Whoever loads drops them when the last ring is read: then they are wiped.
///
/// A KEK that cannot be read hinders nobody but the rings that need it, so it is no error by itself.
package final class KeyEncryptionKeys: Sendable {
    /// In the order of the configuration: the first seals, all open.
    private let keys: [KeyEncryptionKey]
    /// Why KEKs are missing.
    package let failures: [KeyError]

    /// For rings without sealed keys.
    package static let none = KeyEncryptionKeys(keys: [], failures: [])

    private init(keys: [KeyEncryptionKey], failures: [KeyError]) {
        self.keys = keys
        self.failures = failures
    }

    /// Reads KEKs on a stack that is gone afterwards.
    ///
    /// - Parameters:
    ///   - files: Their paths.
    ///   - user: The user that the daemon runs as.
    ///   - failures: KEKs that have no path, and why.
    package static func read(_ files: [String], user: UInt32, failures: [KeyError] = []) -> KeyEncryptionKeys {
        if files.isEmpty { return KeyEncryptionKeys(keys: [], failures: failures) }
        do throws(Errno) {
            let read = try withDisposableStack { KeyEncryptionKeys(files, user: user) }
            return KeyEncryptionKeys(keys: read.keys, failures: failures + read.failures)
        } catch {
            let failure = KeyError(
                files[0], "cannot be read: no locked stack to read it on (\(error))", fix: "raise LimitMEMLOCK")
            return KeyEncryptionKeys(keys: [], failures: failures + [failure])
        }
    }

    /// Reads KEKs on the caller's stack.
    ///
    /// - Parameter failures: KEKs that have no path, and why.
    init(_ files: [String], user: UInt32, failures: [KeyError] = []) {
        var keys: [KeyEncryptionKey] = []
        var failures = failures
        for file in files {
            do throws(KeyError) {
                let key = try KeyEncryptionKey(file: file, user: user)
                if let twin = keys.first(where: { $0.keyID == key.keyID }) {
                    throw KeyError(
                        file, "its kid \(key.keyID.quoted) is that of another KEK, \(twin.file)",
                        fix: "name one of the two")
                }
                keys.append(key)
            } catch { failures.append(error) }
        }
        self.keys = keys
        self.failures = failures
    }

    /// The private JWK of a sealed file.
    ///
    /// - Parameter ring: The keyring whose directory the file lies in; the file must have been sealed for it.
    func open(_ file: borrowing SecretBytes, path: String, ring: ByteString) throws(KeyError) -> SecretBytes {
        let jwe: CompactJWE
        do throws(JWEError) { jwe = try file.withSpan { (bytes) throws(JWEError) in try CompactJWE(bytes) } } catch {
            throw KeyError(path, error.problem, fix: "restore the file, or seal the key again with `signet key seal`")
        }
        guard jwe.keyring == ring else {
            throw KeyError(
                path, "is sealed for the keyring \(jwe.keyring.quoted), not for \(ring.quoted)",
                fix: "move it to the directory of its own ring")
        }
        guard let kek = keys.first(where: { $0.keyID == jwe.keyID }) else { throw missing(jwe.keyID, path) }
        guard let key = try kek.open(jwe, path: path) else {
            throw KeyError(
                path,
                "does not open with the KEK \(jwe.keyID.quoted) of \(kek.file): that is another key, or the file was changed",
                fix: "find the KEK that sealed it, or restore the file")
        }
        return key
    }

    /// The text of a file that holds this private JWK, sealed under the first KEK for a keyring.
    ///
    /// - Parameter path: The directory, for messages.
    func seal(_ jwk: borrowing SecretBytes, for ring: ByteString, path: String) throws(KeyError) -> [UInt8] {
        guard let first = keys.first else {
            throw KeyError(
                path, "no KEK is named to seal with", fix: "name one with --kek; `signet key new-kek` makes one")
        }
        return try first.seal(jwk, for: ring, path: path)
    }

    /// Why the KEK of that kid is not there.
    private func missing(_ kid: ByteString, _ path: String) -> KeyError {
        let problem = "is sealed under the KEK \(kid.quoted)"
        if let failure = failures.first { return KeyError(path, problem, fix: "mend first: \(failure)") }
        if keys.isEmpty {
            return KeyError(path, "\(problem), and no KEK is named", fix: "name it: `kek` in [server], or --kek")
        }
        let known = keys.map(\.keyID.quoted).joined(separator: ", ")
        return KeyError(
            path, "\(problem), which is none of those named: \(known)", fix: "name it too, behind the first")
    }
}
