internal import JOSE
internal import OpenSSL
internal import POSIX
internal import StrictJSON

/// A keyring's directory, open, with its KEKs at hand: what `KeySealing` does with one file.
struct SealingRoom: ~Copyable {
    private let writer: KeyWriter
    private let admission: KeyAdmission
    private let keks: KeyEncryptionKeys
    private let ring: ByteString

    enum Outcome {
        case done(KeySealing.Report.Change)
        /// The file was left alone, and why.
        case note(String)
        /// The file was not meant.
        case other
    }

    init(_ place: RingDirectory) throws(KeyError) {
        let writer = try KeyWriter(directory: place.path)
        let owner = try writer.owner()
        let admission = KeyAdmission(user: owner)
        try admission.admit(directory: writer.directory)
        keks = try place.requireKEKs(owner: owner)
        ring = place.ring
        self.admission = admission
        self.writer = writer
    }

    /// The key files of the directory.
    func files() throws(KeyError) -> [(name: String, kind: KeyFile)] {
        do throws(Errno) {
            return try writer.directory.names().compactMap { name in KeyFile(name: name).map { (name, $0) } }
        } catch { throw .unreadable(writer.directory.path, error) }
    }

    // MARK: Sealing

    func seal(_ name: String, _ kind: KeyFile, _ wanted: ByteString?) throws(KeyError) -> Outcome {
        let path = writer.directory.path(of: name)
        switch kind {
        case .jwe: return .other
        case .jwkSet: return try refuse(set: name, path, wanted)
        case .jwk:
            let jwk = try admission.readSecret(name, in: writer.directory, path)
            // As it is: it may hold members that only its owner knows.
            return try seal(jwk, of: KeySource(jwk, element: nil, path: path), name, wanted)
        case .pem:
            let pem = try admission.readSecret(name, in: writer.directory, path)
            let source = try KeySource(pem: pem, passphrase: SecretFile.allocate(0, path), path: path)
            // Without `alg` and `iat`, which a PEM file does not have either: the key stays what it was.
            let jwk = try source.jwk(nil, kid: source.kid(), now: nil)
            return try seal(jwk, of: source, name, wanted)
        }
    }

    /// Removes what crashes left behind; the paths. Somebody who is just making a key there has to try again.
    func removeLeftovers() throws(KeyError) -> [String] {
        let names = try writer.leftovers()
        for name in names { try writer.remove(name) }
        return names.map { writer.directory.path(of: $0) }
    }

    private func seal(
        _ jwk: borrowing SecretBytes, of source: borrowing KeySource, _ name: String, _ wanted: ByteString?
    ) throws(KeyError) -> Outcome {
        let kid = try source.kid()
        if let wanted, wanted != kid { return .other }
        guard source.isSecret else { return .note("\(source.path) is a public key, which needs no seal") }
        // Rules KEY-1 to KEY-4, before anything is written.
        _ = try source.material(for: source.algorithms.first ?? .hs256)
        let target = Self.name(for: kid, .jwe, from: name)
        let targetPath = writer.directory.path(of: target)
        if try writer.has(target) {
            // A crash came before the plain file was removed; or somebody put another key there.
            let twin = try open(target, targetPath)
            try requireEqual(jwk, twin, source.path, targetPath)
        } else {
            let sealed = try keks.seal(jwk, for: ring, path: writer.directory.path)
            guard sealed.count <= KeyAdmission.largestFile else {
                throw KeyError(
                    source.path, "would be larger than \(KeyAdmission.largestFile) bytes when sealed",
                    fix: "take out of it what is no part of the key")
            }
            try writer.write(sealed.span, as: target)
        }
        try writer.remove(name)
        return .done(.init(kid: kid, file: targetPath))
    }

    /// Sets are left alone: a sealed file is one key. One of public keys has nothing to hide.
    private func refuse(set name: String, _ path: String, _ wanted: ByteString?) throws(KeyError) -> Outcome {
        if wanted != nil { return .other }
        let set = try admission.readSecret(name, in: writer.directory, path)
        var isSecret = false
        for element in try KeySource.elements(of: set, path) {
            let source = try KeySource(set, element: element, path: path)
            if source.isSecret { isSecret = true }
        }
        guard isSecret else { return .note("\(path) holds public keys, which need no seal") }
        throw KeyError(
            path, "is a JWK Set with private keys, and a sealed file is one key",
            fix: "put each of its keys into a *.jwk file of its own, remove the set, and seal again")
    }

    // MARK: Opening

    func unseal(_ name: String, _ wanted: ByteString?) throws(KeyError) -> Outcome {
        let path = writer.directory.path(of: name)
        let jwk = try open(name, path)
        let kid = try KeySource(jwk, element: nil, path: path).kid()
        if let wanted, wanted != kid { return .other }
        let target = Self.name(for: kid, .jwk, from: name)
        let targetPath = writer.directory.path(of: target)
        if try writer.has(target) {
            let twin = try admission.readSecret(target, in: writer.directory, targetPath)
            try requireEqual(jwk, twin, path, targetPath)
        } else {
            try jwk.withSpan { (bytes) throws(KeyError) in try writer.write(bytes, as: target) }
        }
        try writer.remove(name)
        return .done(.init(kid: kid, file: targetPath))
    }

    func reseal(_ name: String) throws(KeyError) -> Outcome {
        let path = writer.directory.path(of: name)
        let jwk = try open(name, path)
        let kid = try KeySource(jwk, element: nil, path: path).kid()
        let sealed = try keks.seal(jwk, for: ring, path: writer.directory.path)
        try writer.write(sealed.span, as: name, existing: .replaced)
        return .done(.init(kid: kid, file: path))
    }

    private func open(_ name: String, _ path: String) throws(KeyError) -> SecretBytes {
        let contents = try admission.readSecret(name, in: writer.directory, path)
        return try keks.open(contents, path: path, ring: ring)
    }

    private func requireEqual(
        _ jwk: borrowing SecretBytes, _ twin: borrowing SecretBytes, _ path: String, _ twinPath: String
    ) throws(KeyError) {
        guard !SecretBytes.areEqual(jwk, twin) else { return }
        throw KeyError(path, "is not the same as \(twinPath)", fix: "see which of the two is right, remove the other")
    }

    /// The name of a key's new file: its kid, or the name that it has where no file can be named after the kid.
    private static func name(for kid: ByteString, _ kind: KeyFile, from name: String) -> String {
        if KeyWriter.isFileName(kid) { return kind.name(kid) }
        return String(decoding: name.utf8.dropLast(4), as: UTF8.self) + kind.rawValue
    }
}
