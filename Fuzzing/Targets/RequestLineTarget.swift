internal import StrictJSON
internal import WireProtocol

/// Rules WIRE-1, WIRE-4 and WIRE-5: a line is read or refused, and its `id` comes back as it stood.
final class RequestLines {
    /// Of many lines, as on a connection: nothing of one may show in the next.
    private var reader = RequestReader()

    func examine(_ input: [UInt8]) throws -> Bool {
        var fresh = RequestReader()
        let (verdict, freshVerdict) = (Self.read(input, &reader), Self.read(input, &fresh))
        try require(verdict.refusal == freshVerdict.refusal, "the line before changes what becomes of this one")
        try require(
            reader.id?.start == fresh.id?.start && reader.id?.end == fresh.id?.end, "the line before changes the id")
        var output: [UInt8] = []
        if let refusal = verdict.refusal {
            try examineMessage(refusal.message)
            try require(
                refusal.code == .malformedRequest || refusal.code == .unknownOperation, "refused as \(refusal.code)")
            output.appendRefusal(refusal, id: reader.id, in: input.span)
        } else {
            output.beginResponse(id: reader.id, in: input.span, ok: true)
            output.endResponse()
        }
        try examineAnswer(output, id: reader.id.map { Array(input[$0.start..<$0.end]) })
        guard let request = verdict.request else { return false }
        try Self.examine(request)
        return true
    }

    private static func read(
        _ input: [UInt8], _ reader: inout RequestReader
    ) -> (request: Request?, refusal: Refusal?) {
        do throws(Refusal) { return (try reader.read(input.span), nil) } catch { return (nil, error) }
    }

    private static func examine(_ request: Request) throws(Finding) {
        let signs = request.operation == .sign || request.operation == .explain
        try require(request.token == nil || request.operation == .verify, "a token for another operation")
        try require(request.operation != .verify || request.token != nil, "verify without a token")
        try require(request.claims == nil || signs, "claims for another operation")
        try require(request.claims == nil || request.payload == nil, "claims and payload")
        try require(request.ttl.map { 1...Limits.largestTTL ~= $0 } ?? true, "a ttl out of range")
    }
}

/// An answer is one line, one JSON object, and echoes the id byte for byte.
@discardableResult
func examineAnswer(_ line: [UInt8], id: [UInt8]?) throws(Finding) -> [String: [UInt8]] {
    try require(line.last == 0x0A, "an answer without LF at its end")
    let text = Array(line.dropLast())
    try require(!text.contains { $0 == 0x0A || $0 == 0x0D }, "an answer of several lines")
    let members = try members(of: text, "the answer")
    try require(members["id"] == id, "the id came back as another")
    try require(
        members["ok"].map { ["true", "false"].contains(String(decoding: $0, as: UTF8.self)) } ?? false, "no ok")
    return members
}

/// The raw values of one JSON object. Names of answers and tokens that matter are ASCII.
func members(of text: [UInt8], _ what: String) throws(Finding) -> [String: [UInt8]] {
    var index = JSONIndex()
    do throws(JSONError) { try index.read(text.span, maximumDepth: 64, indexedDepth: 1) } catch {
        throw Finding("\(what) is no JSON: \(error)")
    }
    try require(index.root.kind == .object, "\(what) is no object")
    var members: [String: [UInt8]] = [:]
    var position = index.root.firstMember
    while position >= 0 {
        let member = index.members[position]
        position = member.next
        let name = String(decoding: member.name.unescaped(in: text.span), as: UTF8.self)
        // Swift's strings may hold two names for one; the first stands.
        if members[name] == nil { members[name] = Array(text[member.value.start..<member.value.end]) }
    }
    return members
}
