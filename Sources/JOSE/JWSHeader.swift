package import StrictJSON

/// The header of a token, read strictly: what verification needs of it.
package struct JWSHeader: Sendable {
    /// nil when it is missing or no string: either is a wrong algorithm, whatever the key (rule ALG-1).
    package let algorithm: JSONText?
    package let kid: KeyID
    package let type: MediaType

    package enum KeyID: Sendable {
        case missing
        case text(JSONText)
        /// Not a string: no key has it (rule HDR-4).
        case unusable
    }

    /// `typ` as RFC 7515 section 4.1.9 has it.
    package enum MediaType: Sendable {
        case missing
        case text(JSONText)
        case unusable
    }

    /// Reads a header that an index has parsed; nil when it is malformed: no object, or with `crit`, `b64` or `zip`
    /// in any form (rule HDR-2; RFC 7515 section 4.1.11 demands it of whoever knows no extension).
    ///
    /// `jku`, `jwk`, `x5u`, `x5c` and `x5t` are passed over: never fetched, never used (rule HDR-3).
    package init?(_ index: borrowing JSONIndex, in bytes: Span<UInt8>) {
        guard index.root.kind == .object else { return nil }
        var algorithm: JSONText?
        var kid = KeyID.missing
        var type = MediaType.missing
        var position = index.root.firstMember
        while position >= 0 {
            let member = index.members[position]
            position = member.next
            let name = member.name
            if name.equals("alg", in: bytes) {
                algorithm = member.value.text
            } else if name.equals("kid", in: bytes) {
                kid = member.value.text.map { .text($0) } ?? .unusable
            } else if name.equals("typ", in: bytes) {
                type = member.value.text.map { .text($0) } ?? .unusable
            } else if name.equals("crit", in: bytes) || name.equals("b64", in: bytes) || name.equals("zip", in: bytes) {
                return nil
            }
        }
        self.algorithm = algorithm
        self.kid = kid
        self.type = type
    }
}
