internal import SignetClient

/// JSON for the eye: a member or an element a line. Numbers stay byte for byte; in strings, characters that would move a
/// terminal's cursor become escapes, which is the same JSON.
func prettyPrinted(_ json: JSON) -> String {
    var result = ""
    var depth = 0
    var isInString = false
    var isEscaped = false
    var previous: Unicode.Scalar?
    func beginLine() { result += "\n" + String(repeating: "  ", count: depth) }
    for scalar in json.text.unicodeScalars {
        defer { previous = scalar }
        if isInString {
            append(scalar, to: &result)
            if isEscaped {
                isEscaped = false
            } else if scalar == "\\" {
                isEscaped = true
            } else if scalar == "\"" {
                isInString = false
            }
            continue
        }
        switch scalar {
        case "}", "]":
            depth -= 1
            if previous != "{", previous != "[" { beginLine() }
            result.unicodeScalars.append(scalar)
        default:
            if previous == "{" || previous == "[" || previous == "," { beginLine() }
            result.unicodeScalars.append(scalar)
            if scalar == ":" { result += " " }
            if scalar == "{" || scalar == "[" { depth += 1 }
            if scalar == "\"" { isInString = true }
        }
    }
    return result
}

private func append(_ scalar: Unicode.Scalar, to result: inout String) {
    guard Output.isControl(scalar) else { return result.unicodeScalars.append(scalar) }
    let digits = String(scalar.value, radix: 16)
    result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
}
