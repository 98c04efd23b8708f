package import JOSE
internal import OpenSSL
internal import POSIX
package import StrictJSON

/// A key that a person hands over, private or public: a JWK, or PEM in any of its forms.
///
/// Everything of it is read and written in locked memory, on a stack that is gone afterwards.
package struct KeyImport {
    private let file: String
    private let passphraseFile: String?

    /// - Parameters:
    ///   - file: `-` for standard input.
    ///   - passphraseFile: For encrypted PEM.
    package init(file: String, passphraseFile: String? = nil) {
        self.file = file
        self.passphraseFile = passphraseFile
    }

    /// Where the JWK goes.
    package enum Target: Sendable {
        case directory(String)
        /// A secret goes there only when it is no terminal.
        case standardOutput
    }

    /// What became of a key.
    package struct Outcome: Sendable {
        package let kid: ByteString
        package let algorithm: Algorithm
        package let canSign: Bool
        /// The path of the new file; nil for standard output.
        package let file: String?
        /// What a person should hear.
        package let warnings: [String]
    }

    /// Writes the key as a JWK of its own file.
    ///
    /// - Parameters:
    ///   - algorithm: nil: the file's, else the only one that the key allows.
    ///   - kid: nil: the file's, else the thumbprint (RFC 7638).
    ///   - now: Seconds since 1970-01-01 UTC; `iat` of a key whose file has none.
    package func write(
        to target: Target, _ algorithm: Algorithm?, kid: ByteString?, now: Int64
    ) throws(KeyError) -> Outcome {
        try withSource { (source, isOpenToAll) throws(KeyError) -> Outcome in
            let algorithm = try source.choose(algorithm)
            let kid = try source.kid(kid)
            // Rules KEY-1 to KEY-4, before anything is written.
            _ = try source.material(for: algorithm)
            guard !source.times.isRevoked else {
                throw KeyError(file, "is a revoked key", fix: "make a new key with `signet key new`")
            }
            let jwk = try source.jwk(algorithm, kid: kid, now: now)
            let written = try Self.write(jwk, kid, isSecret: source.isSecret, to: target, from: file)
            var warnings: [String] = []
            if isOpenToAll, source.isSecret {
                warnings.append("\(file) can be read by everyone: remove it, or `chmod 0600 \(file)`")
            }
            return Outcome(
                kid: kid, algorithm: algorithm, canSign: source.canSign, file: written, warnings: warnings)
        }
    }

    /// The thumbprint of RFC 7638. Octets have none that may be shown.
    package func thumbprint() throws(KeyError) -> ByteString {
        try withSource { (source, _) throws(KeyError) -> ByteString in try source.thumbprint() }
    }

    /// The public half as verifiers get it (rule JWKS-1). Octets have none.
    package func publicJWK(_ algorithm: Algorithm?, kid: ByteString?) throws(KeyError) -> [UInt8] {
        try withSource { (source, _) throws(KeyError) -> [UInt8] in
            let half = try source.publicHalf()
            let algorithm = try source.choose(algorithm)
            _ = try source.material(for: algorithm)
            var json: [UInt8] = []
            half.append(kid: try source.kid(kid), algorithm, to: &json)
            return json
        }
    }

    private func withSource<Result>(
        _ body: (borrowing KeySource, _ isOpenToAll: Bool) throws(KeyError) -> Result
    ) throws(KeyError) -> Result {
        try onDisposableStack(file) { () throws(KeyError) -> Result in
            let secret = try SecretFile(path: file)
            let source = try KeySource(secret.contents, path: file, passphraseFile: passphraseFile)
            return try body(source, secret.isOpenToAll)
        }
    }

    private static func write(
        _ jwk: borrowing SecretBytes, _ kid: ByteString, isSecret: Bool, to target: Target, from file: String
    ) throws(KeyError) -> String? {
        switch target {
        case .directory(let path): return try KeyWriter(directory: path).write(jwk, kid: kid)
        case .standardOutput:
            guard !isSecret || !StandardStream.output.isTerminal else {
                throw KeyError(
                    file, "is a secret that would be shown on the terminal",
                    fix: "name a directory with --into, or redirect standard output")
            }
            do throws(Errno) {
                try jwk.withSpan { (bytes) throws(Errno) in try StandardStream.output.write(bytes) }
            } catch { throw KeyError("standard output", "cannot be written: \(error)", fix: "see where it leads") }
            return nil
        }
    }
}

/// Locked memory for a command that touches keys, in bytes: what `signetd` has unless it is told otherwise.
private let commandMemory = 4 << 20

/// Runs `body` where nothing of a key stays behind (`withDisposableStack`).
func onDisposableStack<Result>(
    _ path: String, _ body: () throws(KeyError) -> Result
) throws(KeyError) -> Result {
    // Best effort: where the limit on locked memory is lower, small keys still fit what there is.
    try? SecretMemory.extend(to: commandMemory)
    let outcome: Swift.Result<Result, KeyError>
    do throws(Errno) {
        outcome = try withDisposableStack {
            do throws(KeyError) { return .success(try body()) } catch { return .failure(error) }
        }
    } catch {
        throw KeyError(path, "cannot be read: no locked stack to read it on (\(error))", fix: "raise `ulimit -l`")
    }
    return try outcome.get()
}
