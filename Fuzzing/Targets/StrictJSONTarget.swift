internal import StrictJSON
internal import WireProtocol

/// What is accepted is the same without its white space, and strings and numbers survive being written again.
func examineJSON(_ input: [UInt8]) throws -> Bool {
    var index = JSONIndex()
    do throws(JSONError) { try index.read(input.span, maximumDepth: Limits.requestDepth) } catch {
        try examineMessage(error.message(in: input.span))
        return false
    }
    var compact: [UInt8] = []
    index.root.appendCompact(from: input.span, to: &compact)
    var again = JSONIndex()
    do throws(JSONError) { try again.read(compact.span, maximumDepth: Limits.requestDepth) } catch {
        throw Finding("refused without white space: \(error)")
    }
    var twice: [UInt8] = []
    again.root.appendCompact(from: compact.span, to: &twice)
    try require(twice == compact, "compact and compacted are two texts")
    try require(again.members.count == index.members.count, "members are lost with the white space")
    try require(!compact.contains { $0 == 0x0A || $0 == 0x0D }, "a line end is left")
    for (member, other) in zip(index.members, again.members) {
        let name = member.name.unescaped(in: input.span)
        try require(name == other.name.unescaped(in: compact.span), "a name changed")
        try require(name.count == member.name.unescapedCount(in: input.span), "a wrong count of unescaped bytes")
        try require(member.name.equals(name.span, in: input.span), "a name is not equal to itself")
        try require(member.value.kind == other.value.kind, "a value changed its kind")
        try require(
            member.value.integer(in: input.span) == other.value.integer(in: compact.span), "an integer changed")
        try examineString(name)
        if let text = member.value.text { try examineString(text.unescaped(in: input.span)) }
        try examineArray(member.value, input)
    }
    try examineArray(index.root, input)
    return true
}

/// Every element of an array stands within it, behind the one before.
private func examineArray(_ value: JSONValue, _ input: [UInt8]) throws(Finding) {
    guard value.kind == .array else { return }
    var elements = JSONArrayReader(value)
    var end = value.start + 1
    while let element = elements.next(in: input.span) {
        try require(element.start >= end && element.end > element.start, "elements overlap")
        end = element.end
    }
    // Nothing but white space and the bracket is left.
    try require(
        input[end..<value.end - 1].allSatisfy { [0x20, 0x09, 0x0A, 0x0D].contains($0) }, "an element is left out")
}

/// What is written as a string is read as the same bytes.
private func examineString(_ bytes: [UInt8]) throws(Finding) {
    var text: [UInt8] = []
    text.appendJSONString(bytes)
    var index = JSONIndex()
    do throws(JSONError) { try index.read(text.span, maximumDepth: 1) } catch {
        throw Finding("a string that was written is refused: \(error)")
    }
    try require(index.root.text?.unescaped(in: text.span) == bytes, "a string that was written reads as another")
}

/// A message is one line of printable ASCII, but for the ellipsis, and of bounded length.
func examineMessage(_ message: String) throws(Finding) {
    try require(message.utf8.count < 1_024, "a message of \(message.utf8.count) bytes")
    try require(
        message.unicodeScalars.allSatisfy { 0x20...0x7E ~= $0.value || "…–".unicodeScalars.contains($0) },
        "a message that is not printable")
}
