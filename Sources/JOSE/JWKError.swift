internal import OpenSSL
internal import StrictJSON

/// Why a JWK cannot be used. Names members, never their values.
package enum JWKError: Error, Equatable, Sendable {
    case notJSON(offset: Int?)
    case duplicateMember
    case missingMember(String)
    case invalidMember(String, String)
    case outOfSecretMemory
    /// OpenSSL does not take the numbers for a key.
    case notAKey

    package var problem: String {
        switch self {
        case .notJSON(let offset?): "is no valid JSON object (offset \(offset))"
        case .notJSON(nil): "is no valid JSON object"
        case .duplicateMember: "has a member twice"
        case .missingMember(let name): "has no \"\(name)\""
        case .invalidMember(let name, let problem): "\"\(name)\" \(problem)"
        case .outOfSecretMemory: "does not fit the locked memory"
        case .notAKey: "holds numbers that are no key"
        }
    }

    init(_ error: JSONError) {
        switch error {
        case .unexpectedByte(let offset), .controlCharacter(let offset), .invalidEscape(let offset),
            .loneSurrogate(let offset), .invalidUTF8(let offset), .trailingBytes(let offset), .tooDeep(let offset):
            self = .notJSON(offset: offset)
        case .unexpectedEnd: self = .notJSON(offset: nil)
        case .duplicateName: self = .duplicateMember
        }
    }
}
