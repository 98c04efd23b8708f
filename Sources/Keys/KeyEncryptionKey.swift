internal import JOSE
internal import OpenSSL
internal import POSIX
internal import StrictJSON

/// A key that seals other keys (KEK), in locked memory for as long as a load or a command needs it.
final class KeyEncryptionKey: Sendable {
    private let jwk: EncryptionJWK
    /// The file it came from, for messages.
    let file: String

    /// Reads a KEK's file, which must be admitted as key files are: whoever has the KEK has the keys.
    ///
    /// - Parameter user: The user that the daemon runs as.
    init(file path: String, user: UInt32) throws(KeyError) {
        let contents = try Self.read(path, KeyAdmission(user: user, subject: .kek))
        do throws(JWKError) { jwk = try EncryptionJWK(contents) } catch {
            throw KeyError(
                path, as: "as a KEK: ", error, fix: "mend the file, or \(KeyAdmission.Subject.kek.creation)")
        }
        file = path
    }

    var keyID: ByteString { jwk.keyID }

    /// The JWK of a sealed file; nil when this is not the key that sealed it, or a byte was changed.
    func open(_ jwe: CompactJWE, path: String) throws(KeyError) -> SecretBytes? {
        try KeyError.byOpenSSL(path, "cannot be opened", fix: "see the error") { try jwe.open(with: jwk.key) }
    }

    /// The text of a sealed file.
    func seal(_ key: borrowing SecretBytes, for ring: ByteString, path: String) throws(KeyError) -> [UInt8] {
        do throws(OpenSSLError) {
            return try CompactJWE.seal(key, with: jwk.key, keyID: keyID, keyring: ring)
        } catch { throw KeyError(path, "cannot be sealed: \(error)", fix: "raise `ulimit -l`, or see the error") }
    }

    private static func read(_ path: String, _ admission: KeyAdmission) throws(KeyError) -> SecretBytes {
        // The directory counts too: who can write there could put a KEK of their own in this one's place.
        let directory: Directory
        do throws(Errno) { directory = try Directory(path: FilePath.directory(of: path)) } catch {
            guard error == .noEntry else { throw .unreadable(path, error) }
            throw KeyError(path, "does not exist", fix: admission.subject.creation)
        }
        try admission.admit(directory: directory)
        return try admission.readSecret(FilePath.name(of: path), in: directory, path)
    }
}
