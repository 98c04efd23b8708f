package import StrictJSON

/// The daemon's word that it did not carry out a request.
package struct ServerRefusal: Error, Equatable, Sendable {
    /// nil for a code that this version does not know.
    package let code: ErrorCode?
    /// The code as it was sent.
    package let codeText: ByteString
    /// For a person, in the daemon's words.
    package let message: String
    /// When trying again may help, in milliseconds from now.
    package let retryAfterMilliseconds: Int64?
    /// Whether the answer names the request; without, the line was not read as one, and the connection ends.
    package let hasID: Bool
}

/// Why a line is not the answer that was hoped for.
package enum ResponseError: Error, Equatable, Sendable {
    case refused(ServerRefusal)
    /// The line breaks the protocol; says how.
    case violation(String)
}

/// A response line with `ok` true, and its members by name. Members that nobody asks for are ignored.
package struct Response: Sendable {
    private let line: [UInt8]
    private let index: JSONIndex

    /// Reads one line, without its LF, as the answer to the request of this `id` (nil: it had none).
    ///
    /// - Throws: `.refused` when `ok` is false, `.violation` when it is no answer, or the answer to another request.
    package init(_ line: [UInt8], expecting id: Int64?) throws(ResponseError) {
        try self.init(reading: line)
        let isOK = try bool("ok")
        let echo = value("id")
        if let echo {
            guard let id, echo.integer(in: line.span) == id else { throw .violation("the answer has another id") }
        }
        guard isOK else { throw try refusal(hasID: echo != nil) }
        if id != nil, echo == nil { throw .violation("the answer has no id") }
    }

    private init(reading line: [UInt8]) throws(ResponseError) {
        var index = JSONIndex()
        do throws(JSONError) {
            try index.read(line.span, maximumDepth: Limits.clientDepth, indexedDepth: 2)
        } catch {
            throw .violation(error.message(in: line.span))
        }
        guard index.root.kind == .object else { throw .violation("an answer is one JSON object") }
        self.line = line
        self.index = index
    }

    /// The refusal that a line is, whichever request it answers; nil for any other line.
    package static func refusal(in line: [UInt8]) -> ServerRefusal? {
        do throws(ResponseError) {
            let response = try Response(reading: line)
            if try response.bool("ok") { return nil }
            throw try response.refusal(hasID: response.has("id"))
        } catch {
            if case .refused(let refusal) = error { return refusal }
            return nil
        }
    }

    /// The string of that member.
    package func text(_ name: StaticString) throws(ResponseError) -> String {
        guard let text = value(name)?.text else { throw .violation("no string \"\(name)\" in the answer") }
        return String(decoding: text.unescaped(in: line.span), as: UTF8.self)
    }

    /// The string of that member, as bytes that may be compared.
    package func bytes(_ name: StaticString) throws(ResponseError) -> ByteString {
        guard let text = value(name)?.text else { throw .violation("no string \"\(name)\" in the answer") }
        return ByteString(text.unescaped(in: line.span))
    }

    package func bool(_ name: StaticString) throws(ResponseError) -> Bool {
        switch value(name)?.kind {
        case .true: return true
        case .false: return false
        default: throw .violation("no true or false \"\(name)\" in the answer")
        }
    }

    package func integer(_ name: StaticString) throws(ResponseError) -> Int64 {
        guard let integer = value(name)?.integer(in: line.span) else {
            throw .violation("no integer \"\(name)\" in the answer")
        }
        return integer
    }

    package func object(_ name: StaticString) throws(ResponseError) -> CompactJSON {
        guard let value = value(name), value.kind == .object else {
            throw .violation("no object \"\(name)\" in the answer")
        }
        return CompactJSON(value, in: line.span)
    }

    package func array(_ name: StaticString) throws(ResponseError) -> CompactJSON {
        guard let value = value(name), value.kind == .array else {
            throw .violation("no array \"\(name)\" in the answer")
        }
        return CompactJSON(value, in: line.span)
    }

    /// The whole answer.
    package var whole: CompactJSON { CompactJSON(index.root, in: line.span) }

    /// Whether there is a member of that name.
    package func has(_ name: StaticString) -> Bool { value(name) != nil }

    private func value(_ name: StaticString) -> JSONValue? { member(name, from: index.root.firstMember) }

    private func member(_ name: StaticString, from first: Int) -> JSONValue? {
        var position = first
        while position >= 0 {
            let member = index.members[position]
            if member.name.equals(name, in: line.span) { return member.value }
            position = member.next
        }
        return nil
    }

    private func refusal(hasID: Bool) throws(ResponseError) -> ResponseError {
        guard let error = value("error"), error.kind == .object,
            let code = member("code", from: error.firstMember)?.text,
            let message = member("message", from: error.firstMember)?.text
        else { throw .violation("no \"error\" with \"code\" and \"message\" in the answer") }
        let codeText = ByteString(code.unescaped(in: line.span))
        return .refused(
            ServerRefusal(
                code: ErrorCode.allCases.first { ByteString($0.rawValue) == codeText },
                codeText: codeText,
                message: String(decoding: message.unescaped(in: line.span), as: UTF8.self),
                retryAfterMilliseconds: member("retry_after_ms", from: error.firstMember)?.integer(in: line.span),
                hasID: hasID))
    }
}

extension InvalidReason {
    /// The reason of that name, byte for byte; nil for one that this version does not know.
    package init?(_ name: ByteString) {
        guard let reason = Self.allCases.first(where: { ByteString($0.rawValue) == name }) else { return nil }
        self = reason
    }
}
