package import StrictJSON

/// What a fixed claim can say of whoever asks: a template of the configuration, `{user}`.
package enum CallerValue: String, CaseIterable, Sendable {
    case user, uid, group, gid, unit
    /// Filled in when the configuration is loaded. Where it still stands, the host has no name that is fit.
    case hostname

    /// Why there is no text to write.
    package enum Absence: Error, Equatable, Sendable {
        /// Nobody knows it.
        case unknown
        /// The name belongs to an id that others get later, so it does not say who it is.
        case recycled
        /// It is not of the alphabet, or too long.
        case unfit
    }

    /// Whether only the system's database can tell it of that identity.
    package func needsAccount(of identity: Identity) -> Bool {
        let isNamed = identity.uid == nil
        return switch self {
        // Of a named user the id, which may be one that others get later.
        case .user, .group: true
        case .uid, .gid: isNamed
        case .unit, .hostname: false
        }
    }

    /// The text that stands for it in a token.
    ///
    /// - Parameter account: The identity's; nil where it is not needed, or there is none.
    package func text(of identity: Identity, _ account: Account?) throws(Absence) -> ByteString {
        let text: ByteString?
        switch self {
        case .user:
            if let uid = identity.uid ?? account?.uid, Identity.isRecycled(uid) { throw .recycled }
            text = identity.userName ?? account?.userName
        case .group:
            if let gid = identity.gids.first ?? account?.gid, Identity.isRecycled(gid) { throw .recycled }
            text = account?.groupName
        case .uid: text = (identity.uid ?? account?.uid).map { ByteString("\($0)") }
        case .gid: text = (identity.gids.first ?? account?.gid).map { ByteString("\($0)") }
        case .unit: text = identity.unit
        case .hostname: text = nil
        }
        guard let text else { throw .unknown }
        guard Self.isFit(text) else { throw .unfit }
        return text
    }

    /// Whether a token may hold the text: `[A-Za-z0-9._@:\-]{1,256}`, so that no reader of claims can mistake it, and no
    /// writer of JSON has to escape it.
    package static func isFit(_ text: ByteString) -> Bool {
        1...256 ~= text.bytes.count
            && text.bytes.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "@"),
                    UInt8(ascii: ":"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// For a person, without the value: `{unit}, but the caller runs in no system unit`.
    package func explanation(_ absence: Absence) -> String {
        let reason =
            switch absence {
            case .unknown:
                switch self {
                case .user: "the system has no name for the caller's uid"
                case .group: "the system has no name for the caller's primary group"
                case .uid, .gid: "the system knows no such user"
                case .unit: "the caller runs in no system unit"
                case .hostname: "the host has no name that a token may hold"
                }
            case .recycled: "the caller's has an id that others get later; {unit} tells services apart"
            case .unfit: "the caller's holds other characters than A-Z a-z 0-9 . _ @ : -, or more than 256"
            }
        return "{\(rawValue)}, but \(reason)"
    }
}
