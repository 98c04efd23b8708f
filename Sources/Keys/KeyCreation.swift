package import JOSE
internal import OpenSSL
internal import POSIX
package import StrictJSON

/// Makes new keys as files that a keyring's directory takes.
package struct KeyCreation {
    private let directoryPath: String
    private let sealing: RingDirectory?

    package init(directory: String) {
        directoryPath = directory
        sealing = nil
    }

    /// Makes keys that are sealed before they touch the disk.
    package init(sealing place: RingDirectory) {
        directoryPath = place.path
        sealing = place
    }

    /// Makes a key and its file, on a stack that is gone afterwards.
    ///
    /// - Parameters:
    ///   - kid: nil for the thumbprint of a key pair, or 64 random bits for HMAC, in hexadecimal.
    ///   - now: Seconds since 1970-01-01 UTC, the key's `iat`.
    ///   - notBefore: Its `nbf`, likewise; nil: none.
    /// - Returns: The kid and the file's path.
    package func createKey(
        _ algorithm: Algorithm, kid: ByteString? = nil, now: Int64, notBefore: Int64? = nil
    ) throws(KeyError) -> (kid: ByteString, file: String) {
        if let kid { try KeyWriter.requireFileName(kid, in: directoryPath) }
        let outcome: Result<(ByteString, String), KeyError>
        do throws(Errno) {
            outcome = try withDisposableStack {
                do throws(KeyError) {
                    return .success(try create(algorithm, kid, KeyTimes(issuedAt: now, notBefore: notBefore)))
                } catch {
                    return .failure(error)
                }
            }
        } catch {
            throw KeyError(directoryPath, "no locked stack to make a key on (\(error))", fix: "raise `ulimit -l`")
        }
        let (kid, file) = try outcome.get()
        return (kid, file)
    }

    private func create(
        _ algorithm: Algorithm, _ chosen: ByteString?, _ times: KeyTimes
    ) throws(KeyError) -> (ByteString, String) {
        let writer = try KeyWriter(directory: directoryPath)
        let keks = try sealing?.requireKEKs(owner: writer.owner())
        let key: NewKey
        do { key = try Self.makeKey(algorithm, chosen, times) } catch {
            throw KeyError(directoryPath, "cannot make a key: \(error)", fix: "see the error")
        }
        guard let sealing, let keks else { return (key.kid, try writer.write(key.contents, kid: key.kid)) }
        let sealed = try keks.seal(key.contents, for: sealing.ring, path: directoryPath)
        return (key.kid, try writer.write(sealed: sealed, kid: key.kid))
    }

    /// A key as it will stand in its file, in locked memory.
    private struct NewKey: ~Copyable {
        let kid: ByteString
        let contents: SecretBytes
    }

    /// Makes a key. Its kid is that asked for, else for a key pair its thumbprint (RFC 7638), for HMAC 64 random bits.
    private static func makeKey(_ algorithm: Algorithm, _ chosen: ByteString?, _ times: KeyTimes) throws -> NewKey {
        if let kind = algorithm.newKeyPair {
            let pair = try KeyPair.generate(kind)
            let kid = try chosen ?? PublicJWK(pair).thumbprint()
            let jwk = try PrivateJWK.write(
                pair, algorithm, kid: kid, issuedAt: times.issuedAt, notBefore: times.notBefore)
            return NewKey(kid: kid, contents: jwk)
        }
        guard case .hmac(_, let length) = algorithm.mechanism else { throw KeyMaterial.Misfit.wrongType }
        var octets = try SecretBytes(count: length)
        try fillRandom(&octets)
        let kid = try chosen ?? ByteString(RandomPool().hexadecimal(bytes: 8))
        let jwk = try PrivateJWK.write(
            octets: octets, algorithm, kid: kid, issuedAt: times.issuedAt, notBefore: times.notBefore)
        return NewKey(kid: kid, contents: jwk)
    }
}
