internal import StrictJSON

/// A request line as a client writes it, complete but for its `id`, so that one line can be sent more than once.
///
/// Strings are escaped and JSON is compact: whatever a caller hands over, the one LF of a line is its last byte.
package struct RequestLine: Sendable {
    package let operation: Operation
    /// From behind the `id` to the LF: `"op":"ping"}` and LF.
    private var tail: [UInt8] = []

    private init(_ operation: Operation) {
        self.operation = operation
        tail.append("\"op\":")
        tail.appendJSONString(operation.rawValue)
    }

    package static let ping: RequestLine = {
        var line = RequestLine(.ping)
        line.end()
        return line
    }()

    package static let status: RequestLine = {
        var line = RequestLine(.status)
        line.end()
        return line
    }()

    /// - Parameter force: Whether keys may vanish that tokens still need.
    package static func reload(force: Bool) -> RequestLine {
        var line = RequestLine(.reload)
        if force { line.append("force", CompactJSON.bool(true)) }
        line.end()
        return line
    }

    /// - Parameters:
    ///   - profile: nil: the daemon takes `default`.
    ///   - claims: An object; nil: an empty one.
    ///   - ttl: Seconds; nil: the profile's.
    package static func sign(profile: String?, claims: CompactJSON?, ttl: Int64?) -> RequestLine {
        var line = RequestLine(.sign)
        line.append("profile", profile)
        line.append("claims", claims)
        line.append("ttl", ttl)
        line.end()
        return line
    }

    /// As `sign`, for a dry run; `identity` is the object of the member `as`.
    package static func explain(
        profile: String?, claims: CompactJSON?, ttl: Int64?, as identity: CompactJSON?
    ) -> RequestLine {
        var line = RequestLine(.explain)
        line.append("profile", profile)
        line.append("claims", claims)
        line.append("ttl", ttl)
        line.append("as", identity)
        line.end()
        return line
    }

    package static func verify(token: String, profile: String?, audience: String?) -> RequestLine {
        var line = RequestLine(.verify)
        line.append("profile", profile)
        line.append("audience", audience)
        line.append("token", token)
        line.end()
        return line
    }

    /// - Parameter keyring: nil: all that the caller may see.
    package static func jwks(keyring: String?) -> RequestLine {
        var line = RequestLine(.jwks)
        line.append("keyring", keyring)
        line.end()
        return line
    }

    /// Appends the line with its LF, under this `id`; nil: without one.
    package func append(to output: inout [UInt8], id: Int64?) {
        output.append(UInt8(ascii: "{"))
        if let id {
            output.append("\"id\":")
            output.appendInteger(id)
            output.append(UInt8(ascii: ","))
        }
        output += tail
    }

    private mutating func append(_ name: StaticString, _ text: String?) {
        guard let text else { return }
        beginMember(name)
        tail.appendJSONString(text)
    }

    private mutating func append(_ name: StaticString, _ json: CompactJSON?) {
        guard let json else { return }
        beginMember(name)
        tail += json.bytes
    }

    private mutating func append(_ name: StaticString, _ integer: Int64?) {
        guard let integer else { return }
        beginMember(name)
        tail.appendInteger(integer)
    }

    private mutating func beginMember(_ name: StaticString) {
        tail.append(",\"")
        tail.append(name)
        tail.append("\":")
    }

    private mutating func end() { tail.append("}\n") }
}
