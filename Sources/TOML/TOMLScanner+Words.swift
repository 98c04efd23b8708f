import StrictJSON

extension TOMLScanner {
    /// The value that is a bare word: an integer, `true` or `false`.
    mutating func readWord() throws(TOMLError) -> TOMLValue {
        let start = offset
        let place = position
        while let byte, !endsWord(byte) { offset += 1 }
        let word = bytes[start..<offset]
        if word.isEmpty { throw error(.expectedValue) }
        if word.elementsEqual("true".utf8) { return .boolean(true) }
        if word.elementsEqual("false".utf8) { return .boolean(false) }
        guard let integer = TOMLInteger(word) else {
            throw TOMLError(position: place, fault: .unknownValue(ByteString(Array(word))))
        }
        guard let value = integer.value else {
            throw TOMLError(position: place, fault: .integerOutOfRange(ByteString(Array(word))))
        }
        return .integer(value)
    }
}

/// An integer as TOML writes it: decimal with a sign, or `0x`, `0o`, `0b` without one; `_` between digits.
private struct TOMLInteger {
    /// nil: outside −2⁶³…2⁶³−1.
    private(set) var value: Int64? = 0

    /// nil: `word` is no integer.
    init?(_ word: ArraySlice<UInt8>) {
        var digits = word
        var radix: UInt8 = 10
        var isNegative = false
        switch (digits.first, digits.dropFirst().first) {
        case (UInt8(ascii: "0"), UInt8(ascii: "x")): radix = 16
        case (UInt8(ascii: "0"), UInt8(ascii: "o")): radix = 8
        case (UInt8(ascii: "0"), UInt8(ascii: "b")): radix = 2
        case (UInt8(ascii: "-"), _): isNegative = true
        default: break
        }
        if radix != 10 { digits = digits.dropFirst(2) }
        if isNegative || digits.first == UInt8(ascii: "+") && radix == 10 { digits = digits.dropFirst() }
        if radix == 10, digits.first == UInt8(ascii: "0"), digits.count > 1 { return nil }
        var lastWasDigit = false
        for byte in digits {
            if byte == UInt8(ascii: "_"), lastWasDigit {
                lastWasDigit = false
                continue
            }
            guard let digit = digitValue(byte, radix: radix) else { return nil }
            append(digit, radix: radix, isNegative)
            lastWasDigit = true
        }
        guard lastWasDigit else { return nil }
    }

    private mutating func append(_ digit: UInt8, radix: UInt8, _ isNegative: Bool) {
        guard let before = value else { return }
        let (product, tooLarge) = before.multipliedReportingOverflow(by: Int64(radix))
        let digit = isNegative ? -Int64(digit) : Int64(digit)
        let (sum, overflow) = product.addingReportingOverflow(digit)
        value = tooLarge || overflow ? nil : sum
    }
}

/// The value of a digit of either case.
func digitValue(_ byte: UInt8, radix: UInt8) -> UInt8? {
    let value: UInt8
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): value = byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): value = byte - UInt8(ascii: "A") + 10
    default: return nil
    }
    return value < radix ? value : nil
}

private func endsWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: "#"): true
    default: false
    }
}
