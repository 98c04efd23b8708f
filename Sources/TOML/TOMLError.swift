package import StrictJSON

/// Why bytes are not the TOML that Signet accepts, and where.
package struct TOMLError: Error, Equatable, Sendable {
    package let position: Position
    package let fault: TOMLFault

    /// One clause for a person.
    package var message: String { fault.message }
}

/// What is wrong at a position (TOML 1.0, less floats and dates).
package enum TOMLFault: Equatable, Sendable {
    /// The file is not UTF-8 (RFC 3629).
    case invalidUTF8
    /// A control character that may not stand in a comment or a string.
    case controlCharacter
    /// A backslash is followed by something that is no escape.
    case invalidEscape
    /// A string's line or the file ends before the string does.
    case unterminatedString
    /// Something follows a value or a header on its line.
    case expectedLineEnd
    case expectedKey
    case expectedEqualsSign
    case expectedHeaderEnd
    case expectedArrayEnd
    case expectedTableEnd
    case expectedValue
    /// A word that is no string, integer or boolean: a float, a date, a bare word.
    case unknownValue(ByteString)
    /// An integer outside −2⁶³…2⁶³−1.
    case integerOutOfRange(ByteString)
    /// The key has a value or a table of its own already, since this line.
    case alreadyDefined(ByteString, line: Int)
    /// The key is no table that may be added to here; it stands in this line.
    case cannotBeExtended(ByteString, line: Int)
    /// Tables and arrays nest deeper than `TOMLReader.maximumDepth`.
    case tooDeep

    var message: String {
        switch self {
        case .invalidUTF8: "the file is not UTF-8"
        case .controlCharacter: "control character"
        case .invalidEscape: "unknown escape in a string"
        case .unterminatedString: "string without an end"
        case .expectedLineEnd: "expected the end of the line"
        case .expectedKey: "expected a key"
        case .expectedEqualsSign: "expected '=' behind the key"
        case .expectedHeaderEnd: "expected the header's end, ']' or ']]'"
        case .expectedArrayEnd: "expected ',' or ']' in the array"
        case .expectedTableEnd: "expected ',' or '}' in the inline table, all on one line"
        case .expectedValue: "expected a value"
        case .unknownValue(let word):
            "\(word.quoted) is no value: expected a quoted string, an integer, true, false, an array or a table"
        case .integerOutOfRange(let word): "the integer \(word.quoted) is out of range"
        case .alreadyDefined(let key, let line): "\(key.quoted) is defined already, at line \(line)"
        case .cannotBeExtended(let key, let line): "\(key.quoted), from line \(line), cannot be added to here"
        case .tooDeep: "nested deeper than \(TOMLReader.maximumDepth) levels"
        }
    }
}
