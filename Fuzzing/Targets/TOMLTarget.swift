internal import StrictJSON
internal import TOML

/// What is accepted can be written plainly and reads as the same; positions lie within the file.
func examineTOML(_ input: [UInt8]) throws -> Bool {
    let table: TOMLTable
    let lines = input.count { $0 == 0x0A } + 1
    do throws(TOMLError) { table = try TOMLReader.read(input) } catch {
        try examineMessage(error.message)
        try examinePosition(error.position, lines, input.count)
        return false
    }
    try examinePositions(table, lines, input.count)
    var text: [UInt8] = []
    for member in table.members {
        append(member, to: &text)
        text.append(0x0A)
    }
    let again: TOMLTable
    do throws(TOMLError) { again = try TOMLReader.read(text) } catch {
        throw Finding("written plainly it is refused: \(error.message)")
    }
    try require(same(.table(table), .table(again)), "written plainly it reads as another")
    return true
}

private func examinePositions(_ table: TOMLTable, _ lines: Int, _ bytes: Int) throws(Finding) {
    for member in table.members {
        try examinePosition(member.position, lines, bytes)
        try examinePosition(member.node.position, lines, bytes)
        if case .table(let inner) = member.node.value { try examinePositions(inner, lines, bytes) }
    }
}

private func examinePosition(_ position: Position, _ lines: Int, _ bytes: Int) throws(Finding) {
    try require(1...lines ~= position.line, "line \(position.line) of \(lines)")
    try require(1...bytes + 1 ~= position.column, "column \(position.column) in \(bytes) bytes")
}

/// Equal but for where it stands, and for the order of members.
private func same(_ left: TOMLValue, _ right: TOMLValue) -> Bool {
    switch (left, right) {
    case (.array(let left), .array(let right)):
        left.count == right.count && zip(left, right).allSatisfy { same($0.value, $1.value) }
    case (.table(let left), .table(let right)):
        left.members.count == right.members.count
            && left.members.allSatisfy { member in
                right.member(member.key).map { same(member.node.value, $0.node.value) } ?? false
            }
    default: left == right
    }
}

private func append(_ member: TOMLMember, to text: inout [UInt8]) {
    append(string: member.key.bytes, to: &text)
    text.append(" = ")
    append(member.node.value, to: &text)
}

private func append(_ value: TOMLValue, to text: inout [UInt8]) {
    switch value {
    case .string(let string): append(string: string.bytes, to: &text)
    case .integer(let integer): text.appendInteger(integer)
    case .boolean(let boolean): text += Array((boolean ? "true" : "false").utf8)
    case .array(let elements):
        text.append("[")
        for element in elements {
            append(element.value, to: &text)
            text.append(",")
        }
        text.append("]")
    case .table(let table):
        text.append("{")
        for (position, member) in table.members.enumerated() {
            if position > 0 { text.append(",") }
            append(member, to: &text)
        }
        text.append("}")
    }
}

/// As a basic string, every byte of ASCII escaped.
private func append(string: [UInt8], to text: inout [UInt8]) {
    text.append("\"")
    for byte in string {
        if byte < 0x80 {
            text.append("\\u00")
            for digit in [byte >> 4, byte & 15] { text += Array(String(digit, radix: 16).utf8) }
        } else {
            text.append(byte)
        }
    }
    text.append("\"")
}
