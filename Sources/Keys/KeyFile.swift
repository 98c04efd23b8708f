internal import JOSE
internal import OpenSSL
internal import POSIX
internal import StrictJSON

/// The kinds of file that hold keys, told by the end of their names.
enum KeyFile: String, CaseIterable {
    /// One JWK (RFC 7517).
    case jwk = ".jwk"
    /// A JWK Set (RFC 7517 section 5): several keys.
    case jwkSet = ".jwks"
    /// One private or public key (RFC 7468). Its kid is its thumbprint (RFC 7638).
    case pem = ".pem"
    /// One JWK, sealed under a KEK for its keyring (RFC 7517 section 7).
    case jwe = ".jwe"

    /// The name of a key's file.
    func name(_ kid: ByteString) -> String { kid.text + rawValue }

    /// nil for a name that a keyring passes over: hidden, or with another end.
    init?(name: String) {
        // Bytes: a name with a combining mark behind the suffix is another name.
        guard name.utf8.first != UInt8(ascii: "."),
            let match = Self.allCases.first(where: {
                Array(name.utf8.suffix($0.rawValue.utf8.count)) == Array($0.rawValue.utf8)
            })
        else { return nil }
        self = match
    }

    /// Makes the keys of a file, for a ring of this name and algorithm.
    func keys(
        _ contents: borrowing SecretBytes, path: String, ring: ByteString, _ algorithm: Algorithm,
        _ keks: KeyEncryptionKeys
    ) throws(KeyError) -> [Key] {
        switch self {
        case .jwk: return [try Self.key(contents, element: nil, path, algorithm)]
        case .jwkSet:
            var keys: [Key] = []
            for element in try Self.elements(contents, path) {
                keys.append(try Self.key(contents, element: element, path, algorithm))
            }
            return keys
        case .pem: return [try Self.key(pem: contents, path, algorithm)]
        case .jwe:
            let jwk = try keks.open(contents, path: path, ring: ring)
            return [try Self.key(jwk, element: nil, path, algorithm)]
        }
    }

    private static let newKey = "mend the file, or make a new key with `signet key new`"

    private static func elements(_ contents: borrowing SecretBytes, _ path: String) throws(KeyError) -> [Range<Int>] {
        do throws(JWKError) { return try JWKSet.elements(of: contents) } catch {
            throw KeyError(path, error, fix: newKey)
        }
    }

    private static func key(
        _ contents: borrowing SecretBytes, element: Range<Int>?, _ path: String, _ algorithm: Algorithm
    ) throws(KeyError) -> Key {
        let jwk = try read(contents, element, path)
        if let own = jwk.algorithm, !own.fits(ring: algorithm) {
            throw KeyError(
                path, "is a key for \(own.name) in a ring for \(algorithm.name)", fix: "move it to a ring of its own")
        }
        let material: KeyMaterial
        do throws(KeyMaterial.Misfit) { material = try jwk.material(for: algorithm) } catch {
            throw KeyError(path, error, algorithm)
        }
        guard let kid = jwk.keyID ?? material.thumbprint else {
            throw KeyError(path, "has no \"kid\"", fix: "add a \"kid\" that no other key has")
        }
        return Key(kid: kid, material: material, canSign: jwk.canSign, times: jwk.times, file: path)
    }

    private static func read(
        _ contents: borrowing SecretBytes, _ element: Range<Int>?, _ path: String
    ) throws(KeyError) -> JWK {
        do throws(JWKError) { return try JWK(contents, element: element) } catch {
            throw KeyError(path, error, fix: newKey)
        }
    }

    private static func key(
        pem contents: borrowing SecretBytes, _ path: String, _ algorithm: Algorithm
    ) throws(KeyError) -> Key {
        let pair: KeyPair
        let none = try SecretFile.allocate(0, path)
        do throws(PEMError) { pair = try KeyPair.read(pem: contents, passphrase: none) } catch {
            throw KeyError(pem: path, error)
        }
        do throws(KeyMaterial.Misfit) {
            let material = try KeyMaterial(pair, algorithm)
            guard let kid = material.thumbprint else { throw KeyMaterial.Misfit.wrongType }
            return Key(kid: kid, material: material, times: KeyTimes(), file: path)
        } catch { throw KeyError(path, error, algorithm) }
    }
}
