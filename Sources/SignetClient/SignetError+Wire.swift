internal import POSIX
internal import StrictJSON
internal import WireProtocol

extension SignetError {
    /// The daemon's refusal as an error to switch over.
    init(_ refusal: ServerRefusal) {
        let message = refusal.message
        let retryAfter: Duration? = refusal.retryAfterMilliseconds.map { .milliseconds($0) }
        switch refusal.code {
        case .malformedRequest, .unknownOperation: self = .malformedRequest(message: message)
        case .notPermitted: self = .notPermitted(message: message)
        case .unknownProfile: self = .unknownProfile(message: message)
        case .unknownKeyring: self = .unknownKeyring(message: message)
        case .claimsRejected: self = .claimsRejected(message: message)
        case .ttlTooLong: self = .ttlTooLong(message: message)
        case .tooLarge: self = .tooLarge(message: message)
        case .rateLimited: self = .rateLimited(message: message, retryAfter: retryAfter)
        case .overloaded: self = .overloaded(message: message, retryAfter: retryAfter)
        case .timeout: self = .timedOut
        case .shuttingDown: self = .shuttingDown(message: message)
        case .noSigningKey: self = .noSigningKey(message: message)
        case .reloadFailed: self = .reloadFailed(message: message)
        // nil: a code of a later version.
        case .internal, nil: self = .refused(code: refusal.codeText.text, message: message)
        }
    }

    /// Why connecting to the socket failed.
    init(_ error: Errno, connectingTo path: String) {
        let reason: UnavailabilityReason =
            switch error {
            case .noEntry, .notDirectory: .noSocket
            case .accessDenied, .notPermitted: .permissionDenied
            case .connectionRefused: .connectionRefused
            default: .system(error.description)
            }
        self = .unavailable(socketPath: path, reason: reason)
    }
}

extension InvalidTokenReason {
    init(_ name: ByteString) {
        switch InvalidReason(name) {
        case .malformed: self = .malformed
        case .unknownKey: self = .unknownKey
        case .wrongAlgorithm: self = .wrongAlgorithm
        case .badSignature: self = .badSignature
        case .expired: self = .expired
        case .notYetValid: self = .notYetValid
        case .wrongIssuer: self = .wrongIssuer
        case .wrongAudience: self = .wrongAudience
        case .wrongType: self = .wrongType
        case .missingClaim: self = .missingClaim
        case .revoked: self = .revoked
        case nil: self = .other(name.text)
        }
    }
}

extension InvalidTokenReason {
    /// As the protocol has it, such as `wrong_audience`: short and stable, for logs and programs. A reason of a later version
    /// as it was sent.
    public var name: String {
        switch self {
        case .malformed: InvalidReason.malformed.rawValue
        case .unknownKey: InvalidReason.unknownKey.rawValue
        case .revoked: InvalidReason.revoked.rawValue
        case .wrongAlgorithm: InvalidReason.wrongAlgorithm.rawValue
        case .badSignature: InvalidReason.badSignature.rawValue
        case .wrongType: InvalidReason.wrongType.rawValue
        case .wrongIssuer: InvalidReason.wrongIssuer.rawValue
        case .wrongAudience: InvalidReason.wrongAudience.rawValue
        case .expired: InvalidReason.expired.rawValue
        case .notYetValid: InvalidReason.notYetValid.rawValue
        case .missingClaim: InvalidReason.missingClaim.rawValue
        case .other(let name): name
        }
    }
}
