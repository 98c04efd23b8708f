internal import SignetClient

/// JSON for the eye: a member or an element a line. Numbers stay byte for byte; in strings, characters that would move a
/// terminal's cursor become escapes, which is the same JSON.
func prettyPrinted(_ json: JSON, _ paint: Paint = .none) -> String {
    var printer = PrettyPrinter(paint)
    for scalar in json.text.unicodeScalars { printer.take(scalar) }
    return printer.finish()
}

/// Lays out valid JSON without white space between its tokens.
private struct PrettyPrinter {
    private let paint: Paint
    private var result = ""
    /// The arrays and objects that are open: whether each is an object.
    private var containers: [Bool] = []
    private var token = Token.punctuation
    private var previous: Unicode.Scalar?

    private enum Token { case punctuation, string, escape, word }

    init(_ paint: Paint) { self.paint = paint }

    mutating func take(_ scalar: Unicode.Scalar) {
        defer { previous = scalar }
        switch token {
        case .string, .escape: takeText(scalar)
        case .word, .punctuation: takeSyntax(scalar)
        }
    }

    func finish() -> String { token == .word ? result + paint.end : result }

    private mutating func takeText(_ scalar: Unicode.Scalar) {
        append(scalar)
        if token == .escape {
            token = .string
        } else if scalar == "\\" {
            token = .escape
        } else if scalar == "\"" {
            token = .punctuation
            result += paint.end
        }
    }

    private mutating func takeSyntax(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "}", "]", ",", ":":
            if token == .word { result += paint.end }
            token = .punctuation
        default: break
        }
        switch scalar {
        case "}", "]":
            _ = containers.popLast()
            if previous != "{", previous != "[" { beginLine() }
            result.unicodeScalars.append(scalar)
        case ",":
            result += ","
        case ":":
            result += ": "
        default:
            let isFirst = previous == "{" || previous == "[" || previous == ","
            if isFirst, token == .punctuation { beginLine() }
            begin(scalar, isName: isFirst && containers.last == true)
        }
    }

    /// The first character of a value or of a name; or a further one of a number or a literal.
    private mutating func begin(_ scalar: Unicode.Scalar, isName: Bool) {
        switch scalar {
        case "{", "[": containers.append(scalar == "{")
        case "\"":
            token = .string
            result += paint.begin(isName ? .name : .string)
        default:
            if token == .punctuation { result += paint.begin(.literal) }
            token = .word
        }
        result.unicodeScalars.append(scalar)
    }

    private mutating func beginLine() { result += "\n" + String(repeating: "  ", count: containers.count) }

    private mutating func append(_ scalar: Unicode.Scalar) {
        guard Output.isControl(scalar) else { return result.unicodeScalars.append(scalar) }
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
    }
}
