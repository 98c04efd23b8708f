package import JOSE
internal import OpenSSL
internal import POSIX
package import StrictJSON

/// What stands in a keyring's directory, for a person: each key, and what is wrong with each file that holds none.
///
/// A broken file hides no other. Nothing of it is secret.
package struct KeyListing: Sendable {
    package private(set) var keys: [Entry] = []
    /// The kids of `DIR/revoked`.
    package private(set) var revoked: Set<ByteString> = []
    package private(set) var errors: [KeyError] = []
    /// Which key a kid stands for: the fingerprint, and the file.
    private var known: [ByteString: (fingerprint: [UInt8], file: String)] = [:]

    /// A key of a file.
    package struct Entry: Sendable {
        package let kid: ByteString
        /// As the file says; nil: that of the ring.
        package let algorithm: Algorithm?
        /// "RSA 3072", "P-256", "Ed25519", "oct".
        package let type: String
        /// Whether its file lets it sign, and it has what that takes.
        package let canSign: Bool
        package let times: KeyTimes
        /// The path.
        package let file: String
        /// When that was last written, in seconds since 1970-01-01 UTC.
        let fileModified: Int64
    }

    /// Reads a directory as its owner's daemon would.
    ///
    /// - Throws: When it cannot be read at all.
    package init(_ place: RingDirectory) throws(KeyError) {
        self = try onDisposableStack(place.path) { () throws(KeyError) -> KeyListing in
            var listing = KeyListing()
            try listing.read(place)
            return listing
        }
    }

    private init() {}

    private mutating func read(_ place: RingDirectory) throws(KeyError) {
        let path = place.path
        let directory: Directory
        do throws(Errno) { directory = try Directory(path: path) } catch { throw .unreadable(path, error) }
        let names: [String]
        let owner: UInt32
        do throws(Errno) {
            names = try directory.names()
            owner = try FileStatus(of: directory.descriptor).owner
        } catch { throw .unreadable(path, error) }
        let admission = KeyAdmission(user: owner)
        do throws(KeyError) { try admission.admit(directory: directory) } catch { errors.append(error) }
        do throws(KeyError) { revoked = Set(try RevocationList(in: directory, admission).kids) } catch {
            errors.append(error)
        }
        let keks = place.readKEKs(owner: owner)
        errors += keks.failures
        for name in names {
            guard let kind = KeyFile(name: name) else { continue }
            do throws(KeyError) {
                let path = directory.path(of: name)
                var contents = try admission.readSecret(name, in: directory, path)
                if kind == .jwe { contents = try keks.open(contents, path: path, ring: place.ring) }
                try add(contents, kind, path)
            } catch { errors.append(error) }
        }
    }

    private mutating func add(
        _ contents: borrowing SecretBytes, _ kind: KeyFile, _ path: String
    ) throws(KeyError) {
        switch kind {
        case .jwk, .jwe: try add(try KeySource(contents, element: nil, path: path))
        case .jwkSet:
            for element in try KeySource.elements(of: contents, path) {
                try add(try KeySource(contents, element: element, path: path))
            }
        case .pem: try add(try KeySource(pem: contents, passphrase: try SecretFile.allocate(0, path), path: path))
        }
    }

    private mutating func add(_ source: borrowing KeySource) throws(KeyError) {
        let kid = try source.kid()
        // By the first algorithm that it may be for: the rules for keys are the same for all of them.
        let material = try source.material(for: source.algorithms.first ?? .hs256)
        if let twin = known[kid], twin.fingerprint != material.fingerprint {
            throw KeyError(
                source.path, "its kid \(kid.quoted) is that of another key, in \(twin.file)",
                fix: "remove one of the two")
        }
        known[kid] = (material.fingerprint, source.path)
        keys.append(
            Entry(
                kid: kid, algorithm: source.algorithm, type: source.type, canSign: source.canSign,
                times: source.times, file: source.path,
                fileModified: (try? FileStatus(path: source.path))?.modified ?? 0))
    }
}
