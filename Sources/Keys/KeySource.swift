internal import JOSE
internal import OpenSSL
internal import POSIX
internal import StrictJSON

/// One key as a file holds it, for no ring yet: what the file says of it, and its numbers.
struct KeySource: ~Copyable {
    let path: String
    let keyID: ByteString?
    /// As the file says; nil where it says nothing.
    let algorithm: Algorithm?
    /// Whether the file lets it sign, and it has what that takes.
    let canSign: Bool
    let times: KeyTimes
    let numbers: Numbers

    enum Numbers: ~Copyable {
        case octets(SecretBytes)
        case keyPair(KeyPair)
    }

    /// Reads a file that is one key, whatever its name: a JWK, a JWK Set of one, or PEM.
    ///
    /// - Parameter passphraseFile: Holds what opens an encrypted PEM file, and a line feed or none.
    init(_ contents: borrowing SecretBytes, path: String, passphraseFile: String?) throws(KeyError) {
        switch try Self.form(of: contents, path) {
        case .jwk: try self.init(contents, element: nil, path: path)
        case .jwkSet(let elements):
            guard elements.count == 1 else {
                throw KeyError(
                    path, "is a JWK Set of \(elements.count) keys where one is wanted",
                    fix: "name a file with one key; a keyring's directory takes *.jwks files as they are")
            }
            try self.init(contents, element: elements[0], path: path)
        case .pem:
            let passphrase = try Self.passphrase(passphraseFile, path)
            try self.init(pem: contents, passphrase: passphrase, path: path)
        }
    }

    /// Reads a JWK, or one element of a JWK Set.
    init(_ contents: borrowing SecretBytes, element: Range<Int>?, path: String) throws(KeyError) {
        let jwk = try Self.jwk(contents, element, path)
        let numbers = try Self.numbers(of: jwk, contents, element, path)
        self.path = path
        keyID = jwk.keyID
        algorithm = jwk.algorithm
        times = jwk.times
        canSign = jwk.canSign && (jwk.keyPair?.hasPrivateHalf ?? true)
        self.numbers = numbers
    }

    /// Reads a PEM file.
    init(pem: borrowing SecretBytes, passphrase: borrowing SecretBytes, path: String) throws(KeyError) {
        let pair: KeyPair
        do throws(PEMError) { pair = try KeyPair.read(pem: pem, passphrase: passphrase) } catch {
            throw KeyError(pem: path, error)
        }
        self.path = path
        keyID = nil
        algorithm = nil
        canSign = pair.hasPrivateHalf
        times = KeyTimes()
        numbers = .keyPair(pair)
    }

    // MARK: What kind of file

    enum Form {
        case jwk, pem
        case jwkSet([Range<Int>])
    }

    /// Told by the contents, since people name files as they like.
    static func form(of contents: borrowing SecretBytes, _ path: String) throws(KeyError) -> Form {
        let first = contents.withSpan { bytes -> UInt8? in
            for offset in 0..<bytes.count where bytes[offset] > 0x20 { return bytes[offset] }
            return nil
        }
        guard first == UInt8(ascii: "{") else {
            // A DER sequence: its tag, then its length in one byte or in several.
            let isDER = contents.withSpan { bytes in
                bytes.count > 1 && bytes[0] == 0x30 && (bytes[1] > 0x80 || Int(bytes[1]) == bytes.count - 2)
            }
            guard isDER else {
                if isSealed(contents) {
                    throw KeyError(path, "is a sealed key", fix: "open it first: `signet key unseal`")
                }
                return .pem
            }
            throw KeyError(path, "is DER, not text", fix: "make it PEM: `openssl pkey -inform DER -in \(path)`")
        }
        do throws(JWKError) { return .jwkSet(try JWKSet.elements(of: contents)) } catch {
            // Anything else that is wrong is wrong as a JWK too, and told there.
            return .jwk
        }
    }

    private static func isSealed(_ contents: borrowing SecretBytes) -> Bool {
        contents.withSpan { bytes in
            do throws(JWEError) { _ = try CompactJWE(bytes) } catch { return false }
            return true
        }
    }

    /// Where the keys of a JWK Set stand.
    static func elements(of contents: borrowing SecretBytes, _ path: String) throws(KeyError) -> [Range<Int>] {
        do throws(JWKError) { return try JWKSet.elements(of: contents) } catch {
            throw KeyError(path, as: "as a JWK Set: ", error, fix: "see whether it is the right file")
        }
    }

    /// Longest passphrase in bytes: what OpenSSL has room for.
    private static let longestPassphrase = 1_024

    private static func passphrase(_ file: String?, _ key: String) throws(KeyError) -> SecretBytes {
        guard let file else { return try SecretFile.allocate(0, key) }
        var passphrase = try SecretFile(path: file, limit: longestPassphrase)
        for lineEnd in [LineFeed.byte, UInt8(ascii: "\r")] {
            let count = passphrase.contents.count
            guard count > 0, passphrase.contents.withSpan({ $0[count - 1] == lineEnd }) else { continue }
            passphrase.contents.truncate(to: count - 1)
        }
        return passphrase.contents
    }

    private static func jwk(
        _ contents: borrowing SecretBytes, _ element: Range<Int>?, _ path: String
    ) throws(KeyError) -> JWK {
        do throws(JWKError) { return try JWK(contents, element: element) } catch {
            throw KeyError(path, error, fix: "mend the file, or export the key again")
        }
    }

    private static func numbers(
        of jwk: borrowing JWK, _ contents: borrowing SecretBytes, _ element: Range<Int>?, _ path: String
    ) throws(KeyError) -> Numbers {
        if let pair = jwk.keyPair { return .keyPair(pair) }
        return .octets(try octets(contents, element, path))
    }

    /// The octets of a JWK that was found valid: its `k`.
    private static func octets(
        _ contents: borrowing SecretBytes, _ element: Range<Int>?, _ path: String
    ) throws(KeyError) -> SecretBytes {
        let range = element ?? 0..<contents.count
        let found = contents.withSpan { file -> Range<Int>? in
            let bytes = file.extracting(range)
            var index = JSONIndex()
            guard (try? index.read(bytes, maximumDepth: 32, indexedDepth: 1)) != nil else { return nil }
            var position = index.root.firstMember
            while position >= 0 {
                let member = index.members[position]
                position = member.next
                guard member.name.equals("k", in: bytes), let text = member.value.text else { continue }
                return range.lowerBound + text.start..<range.lowerBound + text.end
            }
            return nil
        }
        guard let found, let count = Base64URL.decodedCount(found.count) else {
            throw KeyError(path, "has no \"k\"", fix: "mend the file, or export the key again")
        }
        var octets = try SecretFile.allocate(count, path)
        let isDecoded = octets.withMutableSpan { output in
            contents.withSpan { Base64URL.decode($0.extracting(found), into: &output) }
        }
        guard isDecoded else {
            throw KeyError(path, "\"k\" must be base64url without padding", fix: "export the key again")
        }
        return octets
    }
}
