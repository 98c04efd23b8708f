import JOSE
package import StrictJSON

/// Which claims a caller may set.
package enum ClaimList: Equatable, Sendable {
    /// `["*"]`: every claim that is neither the daemon's own nor fixed.
    case any
    /// These, compared as bytes; none twice.
    case named([ByteString])
}

extension ClaimList {
    /// What `other` allows and this list does not: a name, or `*`.
    func excess(of other: ClaimList) -> ByteString? {
        switch (self, other) {
        case (.any, _): return nil
        case (.named, .any): return "*"
        case (.named(let mine), .named(let others)):
            let mine = Set(mine)
            return others.first { !mine.contains($0) }
        }
    }
}

extension Section {
    /// The list of claims of that name; nil when it is missing or wrong.
    mutating func claimList(_ name: String) -> ClaimList? {
        guard let names = strings(name) else { return nil }
        if names == ["*"] { return .any }
        if names.contains("*") {
            report(name, "must be [\"*\"] or names, not both")
            return nil
        }
        return refuseReserved(names, in: name) ? nil : .named(names)
    }

    /// Reports the first name that folds to a claim which the daemon makes itself (rule CLM-6).
    func refuseReserved(_ names: [ByteString], in setting: String) -> Bool {
        guard let reserved = names.first(where: isReserved) else { return false }
        report(setting, reservedProblem(reserved))
        return true
    }
}

/// Whether a claim of that name is the daemon's to make, or clashes with one that is.
func isReserved(_ name: ByteString) -> Bool {
    let name = ClaimName(name)
    return name == .audience || ClaimName.reserved.contains(name)
}

func reservedProblem(_ name: ByteString) -> String {
    "cannot name \(name.quoted): signetd makes iss, aud, iat, nbf, exp and jti itself, and names that differ only in "
        + "case are the same to some verifiers"
}
