internal import JOSE
internal import OpenSSL

// What is wrong with what a key's file holds.
extension KeyError {
    /// A PEM file that holds no key for a ring.
    init(pem path: String, _ error: PEMError) {
        switch error {
        case .needsPassphrase:
            self.init(path, "is encrypted", fix: "import it: `signet key import --passphrase-file FILE \(path)`")
        case .wrongPassphrase:
            self.init(path, "does not open with this passphrase", fix: "give the right one; \(Self.sealAnew(path))")
        case .unsupported:
            self.init(
                path, "holds a key of a type or curve that JOSE does not use",
                fix: "use RSA, P-256, P-384, P-521, Ed25519 or Ed448")
        case .noKey: self.init(path, "holds no key in PEM", fix: "see whether the file is whole")
        case .outOfSecretMemory(whileOpening: false): self = .outOfSecretMemory(path)
        case .outOfSecretMemory(whileOpening: true):
            self.init(
                path, "does not open within the locked memory",
                fix: "\(Self.sealAnew(path)); otherwise \(Self.raiseLockedMemory)")
        }
    }

    /// Of scrypt (RFC 7914) OpenSSL says that the passphrase is wrong, or that memory is lacking.
    private static func sealAnew(_ path: String) -> String {
        "if it is sealed with scrypt, seal it anew: `openssl pkcs8 -topk8 -in \(path)`"
    }

    /// A JWK, or a set of them, that cannot be used.
    ///
    /// - Parameter fix: What to do where the file is at fault.
    init(_ path: String, as form: String = "", _ error: JWKError, fix: String) {
        guard error != .outOfSecretMemory else {
            self = .outOfSecretMemory(path)
            return
        }
        self.init(path, form + error.problem, fix: fix)
    }

    /// A file that may well be good.
    static func outOfSecretMemory(_ path: String) -> KeyError {
        KeyError(path, "does not fit the locked memory", fix: raiseLockedMemory)
    }

    private static let raiseLockedMemory = "raise locked_memory and restart signetd; for a command, raise `ulimit -l`"

    /// What `body` has OpenSSL make of a file.
    ///
    /// - Parameter problem: What is wrong with the file where it fails; the error follows.
    static func byOpenSSL<Result: ~Copyable>(
        _ path: String, _ problem: String = "is refused by OpenSSL", fix: String, _ body: () throws -> Result
    ) throws(KeyError) -> Result {
        try SecretMemory.requiringEnough(orThrow: .outOfSecretMemory(path)) { () throws(KeyError) in
            do { return try body() } catch { throw KeyError(path, "\(problem): \(error)", fix: fix) }
        }
    }

    /// A key that does not go with its ring's algorithm.
    init(_ path: String, _ misfit: KeyMaterial.Misfit, _ algorithm: Algorithm) {
        switch misfit {
        case .tooShort(let bytes, let needs):
            self.init(
                path, "is too short: \(bytes) bytes where \(algorithm.name) needs \(needs)",
                fix: "make a new key with `signet key new`")
        case .wrongType:
            self.init(
                path, "is a key of another type or curve than \(algorithm.name) takes",
                fix: "move it to a ring of its own")
        case .modulus(let bits):
            self.init(
                path,
                "is an RSA key of \(bits) bits; at least \(Algorithm.smallestRSAModulus) are needed, and at most \(Algorithm.largestRSAModulus)",
                fix: "make a new key with `signet key new`")
        case .invalidPublicHalf:
            self.init(path, "has a public half that is no valid key", fix: "see whether the file is whole")
        case .halvesDiffer:
            self.init(path, "has private and public halves that do not belong together", fix: "export the key again")
        case .outOfSecretMemory: self = .outOfSecretMemory(path)
        case .refused(let error):
            self.init(path, "is refused by OpenSSL: \(error)", fix: "see the error")
        }
    }
}
