extension JSONValue {
    /// The number when it is written as an integer (no point, no exponent) and fits; nil otherwise.
    package func integer(in bytes: Span<UInt8>) -> Int64? {
        guard kind == .number else { return nil }
        var position = start
        let isNegative = bytes[position] == UInt8(ascii: "-")
        if isNegative { position += 1 }
        // Summed on its own side of zero: the least integer has no positive counterpart.
        var sum: Int64 = 0
        while position < end {
            let digit = bytes[position] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            let (shifted, overflow) = sum.multipliedReportingOverflow(by: 10)
            let (next, carry) = shifted.addingReportingOverflow(isNegative ? -Int64(digit) : Int64(digit))
            if overflow || carry { return nil }
            sum = next
            position += 1
        }
        return sum
    }

    /// The number as a double: nil for other kinds and for what a finite double cannot hold (1e400).
    package func double(in bytes: Span<UInt8>) -> Double? {
        guard kind == .number else { return nil }
        if let integer = integer(in: bytes) { return Double(integer) }
        var digits: [UInt8] = []
        digits.append(bytes, from: start, to: end)
        guard let value = Double(String(decoding: digits, as: UTF8.self)), value.isFinite else { return nil }
        return value
    }
}
