internal import Foundation
internal import StrictJSON
internal import WireProtocol

/// JSON as Foundation's JSONSerialization reads it, beside StrictJSON: what we accept, it accepts as the same value, and
/// what we refuse, it refuses, but for the differences that docs/fuzzing.md lists.
func compareWithFoundation(_ input: [UInt8]) throws -> Bool {
    let theirs = try? JSONSerialization.jsonObject(with: Data(input), options: [.fragmentsAllowed])
    var index = JSONIndex()
    do throws(JSONError) { try index.read(input.span, maximumDepth: Limits.requestDepth) } catch {
        if theirs != nil {
            try require(isStricter(error, input), "refused here (\(error)), and accepted by Foundation")
        }
        return false
    }
    guard let theirs else {
        try require(holdsHugeNumber(try value(of: input)), "accepted here, and refused by Foundation")
        return true
    }
    try require(isSame(try value(of: input), theirs), "accepted by both, as two values")
    return true
}

/// Why Foundation may accept what is refused here.
private func isStricter(_ error: JSONError, _ input: [UInt8]) -> Bool {
    // UTF-16 and UTF-32 by their zero bytes or their mark, UTF-8 by its mark.
    let marks: [[UInt8]] = [[0xEF, 0xBB, 0xBF], [0xFE, 0xFF], [0xFF, 0xFE]]
    if input.contains(0) || marks.contains(where: { input.starts(with: $0) }) { return true }
    switch error {
    case .duplicateName, .tooDeep: return true
    // A comma behind the last element or member.
    case .unexpectedByte(let offset):
        guard [UInt8(ascii: "]"), UInt8(ascii: "}")].contains(input[offset]) else { return false }
        return input[..<offset].last { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: ",")
    default: return false
    }
}

/// A JSON value as StrictJSON reads it.
private indirect enum Value {
    case null
    case bool(Bool)
    /// nil: no finite double holds it.
    case number(Double?)
    case string([UInt8])
    case array([Value])
    case object([(name: [UInt8], value: Value)])
}

/// - Parameter text: JSON that was found valid, or a part of it.
private func value(of text: [UInt8]) throws -> Value {
    var index = JSONIndex()
    try index.read(text.span, maximumDepth: Limits.requestDepth, indexedDepth: 1)
    func part(_ value: JSONValue) -> [UInt8] { Array(text[value.start..<value.end]) }
    switch index.root.kind {
    case .null: return .null
    case .true: return .bool(true)
    case .false: return .bool(false)
    case .number: return .number(index.root.double(in: text.span))
    case .string: return .string(index.root.text?.unescaped(in: text.span) ?? [])
    case .array:
        var elements: [Value] = []
        var reader = JSONArrayReader(index.root)
        while let element = reader.next(in: text.span) { elements.append(try value(of: part(element))) }
        return .array(elements)
    case .object:
        var members: [(name: [UInt8], value: Value)] = []
        var position = index.root.firstMember
        while position >= 0 {
            let member = index.members[position]
            position = member.next
            members.append((member.name.unescaped(in: text.span), try value(of: part(member.value))))
        }
        return .object(members)
    }
}

/// Foundation refuses some numbers that no finite double holds, and reads others as infinite or as zero.
private func holdsHugeNumber(_ value: Value) -> Bool {
    switch value {
    case .number(let number): number == nil
    case .array(let elements): elements.contains(where: holdsHugeNumber)
    case .object(let members): members.contains { holdsHugeNumber($0.value) }
    default: false
    }
}

/// Foundation takes U+FEFF behind an escape for a byte order mark, and drops it.
private func withoutMarks(_ bytes: [UInt8]) -> [UInt8] {
    var scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
    scalars.removeAll { $0 == "\u{FEFF}" }
    return Array(String(scalars).utf8)
}

private func isSame(_ ours: Value, _ theirs: Any) -> Bool {
    switch ours {
    case .null: return theirs is NSNull
    case .bool(let bool): return theirs as? Bool == bool
    case .number(let number):
        guard let number else { return true }
        guard let other = (theirs as? NSNumber)?.doubleValue else { return false }
        // Decimal digits come to a double by another way there, and may miss the nearest one.
        return number == other || abs(number - other) <= abs(number) * 1e-14
    case .string(let bytes):
        guard let other = (theirs as? String).map({ Array($0.utf8) }) else { return false }
        return other == bytes || withoutMarks(other) == withoutMarks(bytes)
    case .array(let elements):
        guard let others = theirs as? [Any], others.count == elements.count else { return false }
        return zip(elements, others).allSatisfy(isSame)
    case .object(let members):
        guard let others = theirs as? [String: Any] else { return false }
        // A dictionary of Swift's strings merges names that Unicode calls equivalent, and those that differ by a mark.
        guard others.count == members.count else {
            func count(_ name: ([UInt8]) -> [UInt8]) -> Int {
                Set(members.map { String(decoding: name($0.name), as: UTF8.self) }).count
            }
            return count(withoutMarks)...count { $0 } ~= others.count
        }
        return members.allSatisfy { member in
            let name = String(decoding: member.name, as: UTF8.self)
            if let value = others[name] { return isSame(member.value, value) }
            let plain = withoutMarks(member.name)
            return others.contains { withoutMarks(Array($0.key.utf8)) == plain && isSame(member.value, $0.value) }
        }
    }
}
