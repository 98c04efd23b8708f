internal import JOSE
internal import OpenSSL
internal import POSIX
package import StrictJSON

/// Makes new KEKs as files.
package struct KEKCreation {
    private let path: String

    /// - Parameter file: The path of the new file; nothing may stand there.
    package init(file: String) { path = file }

    /// Makes a KEK, on a stack that is gone afterwards: 32 random bytes.
    ///
    /// - Parameter kid: nil for 64 random bits, in hexadecimal.
    /// - Returns: The kid.
    package func createKey(kid: ByteString? = nil) throws(KeyError) -> ByteString {
        try onDisposableStack(path) { () throws(KeyError) in
            let name = FilePath.name(of: path)
            guard !name.isEmpty, name != ".", name != ".." else {
                throw KeyError(path, "names no file", fix: "say what the file is to be called")
            }
            let writer = try KeyWriter(directory: FilePath.directory(of: path))
            guard try !writer.has(name) else {
                throw KeyError(path, "exists already", fix: "choose another name: a KEK is never overwritten")
            }
            var chosen = kid
            if chosen == nil { chosen = try randomKid() }
            guard let kid = chosen, 1...Self.longestKid ~= kid.bytes.count else {
                throw KeyError(path, "a kid has 1 to \(Self.longestKid) bytes", fix: "choose another with --kid")
            }
            let jwk = try makeJWK(kid)
            try jwk.withSpan { (bytes) throws(KeyError) in try writer.write(bytes, as: name) }
            return kid
        }
    }

    private func makeJWK(_ kid: ByteString) throws(KeyError) -> SecretBytes {
        do {
            var octets = try SecretBytes(count: AES256GCM.keyLength)
            try fillRandom(&octets)
            return try EncryptionJWK.write(octets, kid: kid)
        } catch { throw KeyError(path, "cannot make a KEK: \(error)", fix: "raise `ulimit -l`, or see the error") }
    }

    private func randomKid() throws(KeyError) -> ByteString {
        do { return ByteString(try RandomPool().hexadecimal(bytes: 8)) } catch {
            throw KeyError(path, "cannot make a kid: \(error)", fix: "raise `ulimit -l`, or see the error")
        }
    }

    /// In bytes, so that the header of what it seals is one that is read.
    private static let longestKid = 1_024
}
