internal import Keys
internal import POSIX
internal import SigningService
internal import StrictJSON

/// The public keys of one ring as a file that any web server can serve, and an OpenID discovery document beside it.
struct KeyPublication: Equatable {
    /// The path of the JWK Set, compared as bytes.
    let path: ByteString
    /// The issuer of the ring's profiles, where it is one URL.
    let issuer: ByteString?
    /// As the algorithm's name stands in the discovery document.
    let algorithm: String

    /// The file in which verifiers look for an issuer's keys (OpenID Connect Discovery 1.0 section 4).
    private static let discoveryName = "openid-configuration"
    /// Everyone may read what is published.
    private static let mode: UInt32 = 0o644

    /// The JWK Set of the ring at `now` (rule JWKS-1).
    static func keySet(of ring: Keyring, at now: Int64, leeway: Int64) -> [UInt8] {
        var text: [UInt8] = []
        text.append("{\"keys\":[")
        ring.appendPublicKeys(at: now, leeway: leeway, to: &text)
        text.append("]}\n")
        return text
    }

    /// Replaces both files as far as they differ, each atomically: a reader gets the old file or the new one.
    func write(_ keySet: [UInt8]) throws(KeyError) {
        try Self.replace(path.text, with: keySet)
        guard let issuer else { return }
        try Self.replace(discoveryPath, with: discovery(issuer))
    }

    /// Its files that are not there yet.
    var missingFiles: [String] {
        let files = issuer == nil ? [path.text] : [path.text, discoveryPath]
        return files.filter { (try? FileStatus(path: $0)) == nil }
    }

    private var discoveryPath: String {
        FilePath.resolve(Self.discoveryName, below: FilePath.directory(of: path.text))
    }

    /// Served as `ISSUER/.well-known/`, the directory of the file is all that a verifier needs.
    private func discovery(_ issuer: ByteString) -> [UInt8] {
        var base = issuer.text
        while base.utf8.last == UInt8(ascii: "/") { base.removeLast() }
        var text: [UInt8] = []
        text.append("{\"issuer\":")
        text.appendJSONString(issuer.bytes)
        text.append(",\"jwks_uri\":")
        text.appendJSONString("\(base)/.well-known/\(FilePath.name(of: path.text))")
        text.append(",\"response_types_supported\":[\"id_token\"],\"subject_types_supported\":[\"public\"]")
        text.append(",\"id_token_signing_alg_values_supported\":[")
        text.appendJSONString(algorithm)
        text.append("]}\n")
        return text
    }

    private static func replace(_ path: String, with contents: [UInt8]) throws(KeyError) {
        if isThere(path, contents) { return }
        do throws(Errno) { try FilePlacement.replace(path, with: contents, mode: mode) } catch {
            let directory = FilePath.directory(of: path)
            throw KeyError(
                path, "cannot be published: \(error)",
                fix: "see that \(directory) exists, has room, and can be written by the daemon's user")
        }
    }

    /// Whether the file says that already, for everyone to read. Never waits for the writer of a FIFO.
    private static func isThere(_ path: String, _ contents: [UInt8]) -> Bool {
        guard let file = try? Descriptor.open(path, waits: false), let status = try? FileStatus(of: file),
            status.isRegularFile, status.mode == mode
        else { return false }
        return (try? file.readAll(limit: contents.count + 1)) == contents
    }
}
