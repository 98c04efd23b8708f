/// Why bytes are not the JSON that Signet accepts (RFC 8259, and stricter: rules JSON-1 and JSON-2).
package enum JSONError: Error, Equatable, Sendable {
    /// The bytes end inside a value.
    case unexpectedEnd
    /// A byte that RFC 8259's grammar does not allow here, at this offset.
    case unexpectedByte(at: Int)
    /// A control character below U+0020 stands bare in a string.
    case controlCharacter(at: Int)
    /// A backslash is followed by something that is no escape.
    case invalidEscape(at: Int)
    /// `\uD800`–`\uDFFF` without its other half.
    case loneSurrogate(at: Int)
    /// A string is not UTF-8 (RFC 3629: shortest form, no surrogates, at most U+10FFFF).
    case invalidUTF8(at: Int)
    /// Bytes other than white space follow the value.
    case trailingBytes(at: Int)
    /// Arrays and objects are nested deeper than the reader was told to follow.
    case tooDeep(at: Int)
    /// A member name occurs twice in one object, names compared after unescaping. `name` is where it stands again.
    case duplicateName(name: JSONText)

    /// One clause for a person, naming the culprit by offset or, for a duplicate, by name.
    package func message(in bytes: Span<UInt8>) -> String {
        switch self {
        case .unexpectedEnd: "ends inside a value"
        case .unexpectedByte(let offset): "unexpected byte at offset \(offset)"
        case .controlCharacter(let offset): "control character in a string at offset \(offset)"
        case .invalidEscape(let offset): "invalid escape at offset \(offset)"
        case .loneSurrogate(let offset): "lone surrogate at offset \(offset)"
        case .invalidUTF8(let offset): "invalid UTF-8 at offset \(offset)"
        case .trailingBytes(let offset): "unexpected bytes after the value at offset \(offset)"
        case .tooDeep(let offset): "nested too deep at offset \(offset)"
        case .duplicateName(let name): "duplicate member \(name.quoted(in: bytes))"
        }
    }
}
