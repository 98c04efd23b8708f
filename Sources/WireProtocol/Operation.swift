internal import StrictJSON

/// What a request line asks for.
package enum Operation: String, CaseIterable, Sendable {
    case ping, sign, verify, explain, jwks, status, reload

    /// Whether it asks for what profiles grant; the others ask for the daemon itself.
    package var isOfTokens: Bool { self == .sign || self == .verify || self == .explain }

    /// The operation of that name, byte for byte.
    init?(_ name: JSONText, in line: Span<UInt8>) {
        if name.equals("sign", in: line) {
            self = .sign
        } else if name.equals("verify", in: line) {
            self = .verify
        } else if name.equals("explain", in: line) {
            self = .explain
        } else if name.equals("ping", in: line) {
            self = .ping
        } else if name.equals("jwks", in: line) {
            self = .jwks
        } else if name.equals("status", in: line) {
            self = .status
        } else if name.equals("reload", in: line) {
            self = .reload
        } else {
            return nil
        }
    }
}
