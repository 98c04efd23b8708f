internal import JOSE
internal import OpenSSL
internal import StrictJSON

// What a key of a file may be for.
extension KeySource {
    /// The algorithm that the file names, else all that its type and length allow. An Edwards key is for `EdDSA`: the
    /// names of RFC 9864 are for a ring to choose.
    var algorithms: [Algorithm] {
        if let algorithm { return [algorithm] }
        let common = Algorithm.allCases.filter { $0 != .ed25519 && $0 != .ed448 }
        switch numbers {
        case .keyPair(let pair): return common.filter { $0.fits(pair.kind) }
        case .octets(let octets):
            let count = octets.count
            return common.filter { algorithm in
                guard case .hmac(_, let length) = algorithm.mechanism else { return false }
                return length <= count
            }
        }
    }

    /// The algorithm that is asked for, if the key allows it; without, the only one that the key is for.
    func choose(_ asked: Algorithm?) throws(KeyError) -> Algorithm {
        let possible = algorithms
        if let asked {
            guard mayServe(asked) else {
                let names = possible.map(\.name).joined(separator: ", ")
                throw KeyError(path, "is a key for \(names), not for \(asked.name)", fix: "leave out --algorithm")
            }
            return asked
        }
        if let first = possible.first {
            if possible.count == 1 { return first }
            let names = possible.map(\.name).joined(separator: ", ")
            throw KeyError(path, "does not say which of \(names) it is for", fix: "say it with --algorithm")
        }
        _ = try material(for: .hs256)
        return .hs256
    }

    /// The key in use for an algorithm, checked by all rules of its kind.
    func material(for algorithm: Algorithm) throws(KeyError) -> KeyMaterial {
        do throws(KeyMaterial.Misfit) {
            switch numbers {
            case .octets(let octets): return try KeyMaterial(octets: octets, algorithm)
            case .keyPair(let pair): return try KeyMaterial(pair, algorithm)
            }
        } catch { throw KeyError(path, error, algorithm) }
    }

    /// Whether the key may be used so: what the file says stands, and its type must fit. Of octets that are too few,
    /// `material` says so.
    func mayServe(_ asked: Algorithm) -> Bool {
        if let algorithm { return algorithm.fits(ring: asked) }
        switch numbers {
        case .keyPair(let pair): return asked.fits(pair.kind)
        case .octets:
            guard case .hmac = asked.mechanism else { return false }
            return true
        }
    }

    /// What the key is, for people: "RSA 3072", "P-256", "oct".
    var type: String {
        switch numbers {
        case .octets: "oct"
        case .keyPair(let pair):
            switch pair.kind {
            case .rsa(let bits): "RSA \(bits)"
            case .ec(.p256): "P-256"
            case .ec(.p384): "P-384"
            case .ec(.p521): "P-521"
            case .ed25519: "Ed25519"
            case .ed448: "Ed448"
            }
        }
    }

    /// The public half.
    /// - Throws: For octets, which have none.
    func publicHalf() throws(KeyError) -> PublicJWK {
        switch numbers {
        case .octets:
            throw KeyError(
                path, "is a secret of HMAC, which has no public half; its thumbprint would tell guesses from the key",
                fix: "keep it where it is")
        case .keyPair(let pair):
            return try KeyError.byOpenSSL(path, fix: "export the key again") { try PublicJWK(pair) }
        }
    }

    /// The kid that is asked for, else that of the file, else for a key pair its thumbprint (RFC 7638).
    func kid(_ asked: ByteString? = nil) throws(KeyError) -> ByteString {
        if let asked { return asked }
        if let keyID { return keyID }
        switch numbers {
        case .octets: throw KeyError(path, "has no \"kid\"", fix: "choose one with --kid")
        case .keyPair: return try thumbprint()
        }
    }

    /// The thumbprint of RFC 7638.
    func thumbprint() throws(KeyError) -> ByteString {
        let half = try publicHalf()
        return try KeyError.byOpenSSL(path, fix: "export the key again") { try half.thumbprint() }
    }
}
