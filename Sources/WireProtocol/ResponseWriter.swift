package import StrictJSON

/// Response lines, appended to the bytes that one write sends.
extension Array where Element == UInt8 {
    /// Begins an answer: the echoed `id` as its raw token (rule WIRE-1), then `ok`.
    package mutating func beginResponse(id: JSONValue?, in line: Span<UInt8>, ok: Bool) {
        if let id {
            beginResponse(echoing: line.extracting(id.start..<id.end), ok: ok)
        } else {
            beginResponse(echoing: nil, ok: ok)
        }
    }

    /// Begins an answer to a request that is no longer here.
    ///
    /// - Parameter id: The raw token to echo.
    package mutating func beginResponse(id: [UInt8]?, ok: Bool) {
        if let id { beginResponse(echoing: id.span, ok: ok) } else { beginResponse(echoing: nil, ok: ok) }
    }

    private mutating func beginResponse(echoing id: Span<UInt8>?, ok: Bool) {
        if let id {
            append("{\"id\":")
            append(id)
            if ok { append(",\"ok\":true") } else { append(",\"ok\":false") }
        } else if ok {
            append("{\"ok\":true")
        } else {
            append("{\"ok\":false")
        }
    }

    /// Ends an answer and its line.
    package mutating func endResponse() { append("}\n") }

    /// Appends a whole answer line that refuses.
    package mutating func appendRefusal(_ refusal: Refusal, id: JSONValue?, in line: Span<UInt8>) {
        beginResponse(id: id, in: line, ok: false)
        appendError(refusal)
    }

    /// Appends a whole answer line that refuses a request which is no longer here.
    ///
    /// - Parameter id: The raw token to echo.
    package mutating func appendRefusal(_ refusal: Refusal, id: [UInt8]?) {
        beginResponse(id: id, ok: false)
        appendError(refusal)
    }

    private mutating func appendError(_ refusal: Refusal) {
        append(",\"error\":{\"code\":")
        appendJSONString(refusal.code.rawValue)
        append(",\"message\":")
        appendJSONString(refusal.message)
        if let milliseconds = refusal.retryAfterMilliseconds {
            append(",\"retry_after_ms\":")
            appendInteger(milliseconds)
        }
        append(UInt8(ascii: "}"))
        endResponse()
    }

    /// Appends a whole answer line that refuses before a request could be read.
    package mutating func appendRefusal(_ refusal: Refusal) {
        appendRefusal(refusal, id: nil)
    }
}
