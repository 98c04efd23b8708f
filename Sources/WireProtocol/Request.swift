package import StrictJSON

/// One request line, taken apart in place: offsets into the line, nothing copied.
package struct Request: Sendable {
    package let operation: Operation
    /// nil: the profile `default`.
    package fileprivate(set) var profile: JSONText?
    /// `sign`, `explain`: the claims object; nil: an empty one.
    package fileprivate(set) var claims: JSONValue?
    /// `sign`, `explain`: the bytes to sign, base64url, instead of claims.
    package fileprivate(set) var payload: JSONText?
    /// `sign`, `explain`: seconds, 1…2³¹−1.
    package fileprivate(set) var ttl: Int64?
    /// `verify`: the compact token.
    package fileprivate(set) var token: JSONText?
    /// `verify`: the audience that the caller expects.
    package fileprivate(set) var audience: JSONText?
    /// `jwks`: the ring whose public keys are asked for; nil: all that the caller may see.
    package fileprivate(set) var keyring: JSONText?
    /// `explain`: the identity to decide for instead of the caller's own.
    package fileprivate(set) var impersonated: JSONValue?

    /// `reload`: whether keys may vanish that tokens still need.
    package fileprivate(set) var force = false

    fileprivate init(_ operation: Operation) { self.operation = operation }
}

/// Reads request lines with an index of its own, so that reading one allocates nothing.
package struct RequestReader: Sendable {
    /// The members of the line that was read last.
    package private(set) var index = JSONIndex()
    /// The `id` to echo: that of the line read last, where it is one valid JSON object with a valid `id`.
    package private(set) var id: JSONValue?

    package init() {}

    /// Reads one line without its LF.
    ///
    /// What is wrong first wins in this order: JSON, `id`, `op`, names and types of the other members (rule WIRE-5).
    /// - Throws: `malformed_request` or `unknown_op`, naming the culprit.
    package mutating func read(_ line: Span<UInt8>) throws(Refusal) -> Request {
        id = nil
        do throws(JSONError) {
            try index.read(line, maximumDepth: Limits.requestDepth, indexedDepth: 2)
        } catch {
            throw .malformed(line.isEmpty ? "empty line: a request is one JSON object" : error.message(in: line))
        }
        guard index.root.kind == .object else { throw .malformed("a request is one JSON object") }
        let operation = try readHead(line)
        var request = Request(operation)
        var position = index.root.firstMember
        while position >= 0 {
            let member = index.members[position]
            try request.take(member, in: line)
            position = member.next
        }
        if operation == .verify, request.token == nil { throw .malformed("missing member \"token\"") }
        if request.claims != nil, request.payload != nil {
            throw .malformed("\"claims\" and \"payload\" exclude each other")
        }
        if request.ttl != nil, request.payload != nil {
            throw .malformed("\"ttl\" and \"payload\" exclude each other")
        }
        return request
    }

    /// Finds `id` and `op`, wherever they stand.
    private mutating func readHead(_ line: Span<UInt8>) throws(Refusal) -> Operation {
        var op: JSONValue?
        var position = index.root.firstMember
        while position >= 0 {
            let member = index.members[position]
            if member.name.equals("id", in: line) { id = member.value }
            if member.name.equals("op", in: line) { op = member.value }
            position = member.next
        }
        if let id, !Self.isValidID(id, in: line) {
            self.id = nil
            throw .malformed("\"id\" must be an integer or a string of at most \(Limits.idBytes) bytes")
        }
        guard let op else { throw .malformed("missing member \"op\"") }
        guard let name = op.text else { throw .malformed("\"op\" must be a string") }
        guard let operation = Operation(name, in: line) else {
            throw Refusal(.unknownOperation, "unknown op \(name.quoted(in: line))")
        }
        return operation
    }

    private static func isValidID(_ id: JSONValue, in line: Span<UInt8>) -> Bool {
        if let text = id.text { return text.unescapedCount(in: line) <= Limits.idBytes }
        guard id.kind == .number, id.end - id.start <= Limits.idBytes else { return false }
        for offset in id.start..<id.end where line[offset] != UInt8(ascii: "-") {
            if line[offset] &- UInt8(ascii: "0") >= 10 { return false }
        }
        return true
    }
}

extension Request {
    /// Takes one member of the line, or refuses it: unknown to this operation, or of the wrong type (rule WIRE-4).
    fileprivate mutating func take(_ member: JSONMember, in line: Span<UInt8>) throws(Refusal) {
        let (name, value) = (member.name, member.value)
        if name.equals("op", in: line) || name.equals("id", in: line) { return }
        let signs = operation == .sign || operation == .explain
        let namesProfile = signs || operation == .verify
        if namesProfile, name.equals("profile", in: line) {
            profile = try value.requireText("profile")
        } else if signs, name.equals("claims", in: line) {
            guard value.kind == .object else { throw .malformed("\"claims\" must be an object") }
            claims = value
        } else if signs, name.equals("ttl", in: line) {
            guard let seconds = value.integer(in: line), 1...Limits.largestTTL ~= seconds else {
                throw .malformed("\"ttl\" must be an integer from 1 to \(Limits.largestTTL)")
            }
            ttl = seconds
        } else if signs, name.equals("payload", in: line) {
            payload = try value.requireText("payload")
        } else if operation == .verify, name.equals("token", in: line) {
            token = try value.requireText("token")
        } else if operation == .verify, name.equals("audience", in: line) {
            audience = try value.requireText("audience")
        } else if operation == .jwks, name.equals("keyring", in: line) {
            keyring = try value.requireText("keyring")
        } else if operation == .explain, name.equals("as", in: line) {
            guard value.kind == .object else { throw .malformed("\"as\" must be an object") }
            impersonated = value
        } else if operation == .reload, name.equals("force", in: line) {
            guard value.kind == .true || value.kind == .false else {
                throw .malformed("\"force\" must be true or false")
            }
            force = value.kind == .true
        } else {
            throw .malformed("unknown member \(name.quoted(in: line)) for op \"\(operation.rawValue)\"")
        }
    }
}

extension JSONValue {
    fileprivate func requireText(_ name: String) throws(Refusal) -> JSONText {
        guard let text else { throw .malformed("\"\(name)\" must be a string") }
        return text
    }
}

extension Refusal {
    package static func malformed(_ message: String) -> Refusal { Refusal(.malformedRequest, message) }
}
