internal import SignetClient
internal import WireProtocol

extension SignetError {
    /// Short and stable, for programs: the protocol's error code, or what the client itself found.
    var name: String {
        switch self {
        case .invalidToken: "invalid_token"
        case .unexpectedClaims: "unexpected_claims"
        case .notPermitted: ErrorCode.notPermitted.rawValue
        case .unknownProfile: ErrorCode.unknownProfile.rawValue
        case .unknownKeyring: ErrorCode.unknownKeyring.rawValue
        case .claimsRejected: ErrorCode.claimsRejected.rawValue
        case .ttlTooLong: ErrorCode.ttlTooLong.rawValue
        case .tooLarge: ErrorCode.tooLarge.rawValue
        case .malformedRequest: ErrorCode.malformedRequest.rawValue
        case .noSigningKey: ErrorCode.noSigningKey.rawValue
        case .rateLimited: ErrorCode.rateLimited.rawValue
        case .overloaded: ErrorCode.overloaded.rawValue
        case .shuttingDown: ErrorCode.shuttingDown.rawValue
        case .reloadFailed: ErrorCode.reloadFailed.rawValue
        case .refused(let code, _): code
        case .timedOut: ErrorCode.timeout.rawValue
        case .unavailable: "unavailable"
        case .serverNotTrusted: "server_not_trusted"
        case .cancelled: "cancelled"
        case .connectionLost: "connection_lost"
        case .protocolViolation: "protocol_violation"
        }
    }

    /// For a person, without what to do next.
    private var words: String {
        switch self {
        case .invalidToken(_, let message), .notPermitted(let message), .unknownProfile(let message),
            .unknownKeyring(let message), .claimsRejected(let message), .ttlTooLong(let message),
            .tooLarge(let message), .malformedRequest(let message), .noSigningKey(let message),
            .rateLimited(let message, _), .overloaded(let message, _), .shuttingDown(let message),
            .reloadFailed(let message), .refused(_, let message), .protocolViolation(let message):
            message
        default: Failure(self).message
        }
    }

    /// What the answer of a batch says of it.
    var batchMembers: [(String, JSON)] {
        var members: [(String, JSON)] = [("ok", false), ("error", JSON(name))]
        if case .invalidToken(let reason, _) = self { members.append(("reason", JSON(reason.name))) }
        return members + [("message", JSON(words))]
    }
}
