extension TOMLScanner {
    /// The string whose quotation mark, `"` or `'`, stands at the offset; escapes resolved.
    ///
    /// - Parameter mayBeMultiLine: Three quotation marks begin a string of many lines; a key is never one.
    mutating func readString(mayBeMultiLine: Bool) throws(TOMLError) -> [UInt8] {
        let start = position
        guard let quote = byte else { throw error(.expectedValue) }
        let hasEscapes = quote == UInt8(ascii: "\"")
        let isMultiLine = mayBeMultiLine && peek(1) == quote && peek(2) == quote
        offset += isMultiLine ? 3 : 1
        // A line end right behind the opening quotation marks is no part of the string.
        if isMultiLine { _ = takeLineEnd() }
        var output: [UInt8] = []
        while let byte {
            if byte == quote {
                if try takeEnd(of: quote, isMultiLine, &output) { return output }
            } else if byte == UInt8(ascii: "\\"), hasEscapes {
                try readEscape(isMultiLine, into: &output)
            } else if takeLineEnd() {
                guard isMultiLine else { throw TOMLError(position: start, fault: .unterminatedString) }
                output.append(0x0A)
            } else {
                guard !isControl(byte) else { throw error(.controlCharacter) }
                output.append(byte)
                offset += 1
            }
        }
        throw TOMLError(position: start, fault: .unterminatedString)
    }

    /// At a quotation mark: steps over the string's end, or over one quotation mark that belongs to it.
    private mutating func takeEnd(
        of quote: UInt8, _ isMultiLine: Bool, _ output: inout [UInt8]
    ) throws(TOMLError) -> Bool {
        guard isMultiLine else {
            offset += 1
            return true
        }
        var count = 1
        // Up to two quotation marks may stand right before the closing three.
        while count < 5, peek(count) == quote { count += 1 }
        offset += count
        for _ in 0..<(count >= 3 ? count - 3 : count) { output.append(quote) }
        return count >= 3
    }

    private mutating func readEscape(_ isMultiLine: Bool, into output: inout [UInt8]) throws(TOMLError) {
        let fault = error(.invalidEscape)
        offset += 1
        guard let escape = byte else { throw fault }
        switch escape {
        case UInt8(ascii: "b"): output.append(0x08)
        case UInt8(ascii: "t"): output.append(0x09)
        case UInt8(ascii: "n"): output.append(0x0A)
        case UInt8(ascii: "f"): output.append(0x0C)
        case UInt8(ascii: "r"): output.append(0x0D)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(escape)
        case UInt8(ascii: "u"): try readScalar(digits: 4, or: fault, into: &output)
        case UInt8(ascii: "U"): try readScalar(digits: 8, or: fault, into: &output)
        default:
            // A backslash that ends a line joins it with the next text, however many lines below that is.
            guard isMultiLine else { throw fault }
            skipBlanks()
            guard takeLineEnd() else { throw fault }
            repeat { skipBlanks() } while takeLineEnd()
            return
        }
        offset += 1
    }

    /// At `u` or `U`: reads the digits behind it, all but the last of which it steps over.
    private mutating func readScalar(
        digits: Int, or fault: TOMLError, into output: inout [UInt8]
    ) throws(TOMLError) {
        var value: UInt32 = 0
        for _ in 0..<digits {
            offset += 1
            guard let digit = byte.flatMap({ digitValue($0, radix: 16) }) else { throw fault }
            value = value << 4 | UInt32(digit)
        }
        guard let scalar = Unicode.Scalar(value) else { throw fault }
        output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
}
