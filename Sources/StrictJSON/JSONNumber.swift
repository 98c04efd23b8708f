extension JSONValue {
    /// The number when it is written as an integer (no point, no exponent) and fits; nil otherwise.
    package func integer(in bytes: Span<UInt8>) -> Int64? {
        guard kind == .number else { return nil }
        var position = start
        let isNegative = bytes[position] == UInt8(ascii: "-")
        if isNegative { position += 1 }
        var magnitude: Int64 = 0
        while position < end {
            let digit = bytes[position] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            let (shifted, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = shifted.addingReportingOverflow(Int64(digit))
            if overflow || carry { return nil }
            magnitude = sum
            position += 1
        }
        return isNegative ? -magnitude : magnitude
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
