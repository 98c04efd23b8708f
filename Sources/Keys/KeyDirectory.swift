package import JOSE
internal import OpenSSL
internal import POSIX
package import StrictJSON

/// A directory of key files, read as a whole: all of it is admitted, or nothing.
///
/// Each `*.jwk` is one key. Other names and hidden files are passed over.
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
    package func load(ring name: ByteString, algorithm: Algorithm) throws(KeyError) -> (Keyring, warnings: [String]) {
        let outcome: Result<([Key], [String]), KeyError>
        do throws(Errno) {
            outcome = try withDisposableStack {
                do throws(KeyError) { return .success(try readKeys(algorithm)) } catch { return .failure(error) }
            }
        } catch {
            throw KeyError(path, "cannot be read: no locked stack to read it on (\(error))", fix: "raise LimitMEMLOCK")
        }
        let (keys, warnings) = try outcome.get()
        return (Keyring(name: name, algorithm: algorithm, keys: keys), warnings)
    }

    private func readKeys(_ algorithm: Algorithm) throws(KeyError) -> ([Key], [String]) {
        let directory: Directory
        do throws(Errno) { directory = try Directory(path: path) } catch { throw .unreadable(path, error) }
        try admission.admit(directory: directory)
        let names: [String]
        do throws(Errno) { names = try directory.names() } catch { throw .unreadable(path, error) }
        var keys: [Key] = []
        var warnings: [String] = []
        for name in names where Self.isKeyFile(name) {
            let loaded = try read(name, in: directory, algorithm)
            guard let position = keys.firstIndex(where: { $0.kid == loaded.kid }) else {
                keys.append(loaded)
                continue
            }
            let twin = keys[position]
            guard twin.material.isSameKey(as: loaded.material) else {
                throw KeyError(
                    loaded.file, "its kid \(loaded.kid.quoted) is that of another key, in \(twin.file)",
                    fix: "remove one of the two")
            }
            warnings.append("\(loaded.file) holds the same key as \(twin.file)")
            // The first file counts, unless the other one revokes the key.
            if loaded.times.isRevoked { keys[position] = loaded }
        }
        return (keys, warnings)
    }

    private static func isKeyFile(_ name: String) -> Bool {
        // Bytes: a name with a combining mark behind the suffix is another name.
        name.utf8.first != UInt8(ascii: ".") && Array(name.utf8.suffix(4)) == Array(".jwk".utf8)
    }

    private func read(
        _ name: String, in directory: borrowing Directory, _ algorithm: Algorithm
    ) throws(KeyError) -> Key {
        let file = directory.path(of: name)
        let contents = try readSecret(name, in: directory, file)
        let jwk: JWK
        do throws(JWKError) { jwk = try JWK(contents) } catch {
            throw KeyError(file, error.problem, fix: "mend the file, or make a new key with `signet key new`")
        }
        guard let kid = jwk.keyID else {
            throw KeyError(file, "has no \"kid\"", fix: "add a \"kid\" that no other key has")
        }
        if let own = jwk.algorithm, own != algorithm {
            throw KeyError(
                file, "is a key for \(own.name) in a ring for \(algorithm.name)", fix: "move it to a ring of its own")
        }
        guard jwk.secret.count >= algorithm.hashLength else {  // RFC 7518 section 3.2, rule KEY-1
            throw KeyError(
                file, "is too short: \(jwk.secret.count) bytes where \(algorithm.name) needs \(algorithm.hashLength)",
                fix: "make a new key with `signet key new`")
        }
        do throws(OpenSSLError) {
            let material = try HMACKey(jwk.secret, digest: algorithm.digest)
            return Key(
                kid: kid, algorithm: algorithm, canSign: jwk.canSign, times: jwk.times, material: material, file: file)
        } catch {
            throw KeyError(file, "is refused by OpenSSL: \(error)", fix: "raise locked_memory, or see the error")
        }
    }

    private static func open(
        _ name: String, in directory: borrowing Directory, _ path: String
    ) throws(KeyError) -> Descriptor {
        do throws(Errno) { return try directory.open(name) } catch { throw .unreadable(path, error) }
    }

    /// Reads a file straight into locked memory.
    private func readSecret(
        _ name: String, in directory: borrowing Directory, _ path: String
    ) throws(KeyError) -> SecretBytes {
        let file = try Self.open(name, in: directory, path)
        let status = try admission.admit(file: file, path: path)
        var contents: SecretBytes
        do throws(SecretMemoryError) { contents = try SecretBytes(count: status.size + 1) } catch {
            throw KeyError(path, "\(error)", fix: "raise locked_memory")
        }
        var count = 0
        do throws(Errno) {
            while count < contents.count {
                let read = try contents.withMutableSpan { (bytes) throws(Errno) in
                    try file.read(into: &bytes, from: count)
                }
                if read == 0 { break }
                count += read
            }
        } catch { throw .unreadable(path, error) }
        guard count == status.size else {
            throw KeyError(path, "changed while it was read", fix: "reload when its writer has finished")
        }
        contents.truncate(to: count)
        return contents
    }
}
