package import StrictJSON

/// Response lines, appended to the bytes that one write sends.
extension Array where Element == UInt8 {
    /// Begins an answer: the echoed `id` as its raw token (rule WIRE-1), then `ok`.
    package mutating func beginResponse(id: JSONValue?, in line: Span<UInt8>, ok: Bool) {
        append(UInt8(ascii: "{"))
        if let id {
            append("\"id\":")
            append(line, from: id.start, to: id.end)
            append(UInt8(ascii: ","))
        }
        if ok { append("\"ok\":true") } else { append("\"ok\":false") }
    }

    /// Ends an answer and its line.
    package mutating func endResponse() { append("}\n") }

    /// Appends a whole answer line that refuses.
    package mutating func appendRefusal(_ refusal: Refusal, id: JSONValue?, in line: Span<UInt8>) {
        beginResponse(id: id, in: line, ok: false)
        append(",\"error\":{\"code\":")
        appendJSONString(refusal.code.rawValue)
        append(",\"message\":")
        appendJSONString(refusal.message)
        append(UInt8(ascii: "}"))
        endResponse()
    }

    /// Appends a whole answer line that refuses before a request could be read.
    package mutating func appendRefusal(_ refusal: Refusal) {
        let none: [UInt8] = []
        appendRefusal(refusal, id: nil, in: none.span)
    }
}
