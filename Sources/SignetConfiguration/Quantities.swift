import StrictJSON

/// Digits and one of s m h d, in seconds; nil when `text` is something else or too large for 64 bits.
func seconds(from text: ByteString) -> Int64? {
    guard let unit = text.bytes.last, let count = decimal(text.bytes.dropLast()) else { return nil }
    switch unit {
    case UInt8(ascii: "s"): return count
    case UInt8(ascii: "m"): return product(count, 60)
    case UInt8(ascii: "h"): return product(count, 3_600)
    case UInt8(ascii: "d"): return product(count, 86_400)
    default: return nil
    }
}

/// Digits and at most one of K M G (powers of 1,024), in bytes; nil when `text` is something else or too large for
/// 64 bits.
func byteCount(from text: ByteString) -> Int64? {
    switch text.bytes.last {
    case UInt8(ascii: "K"): decimal(text.bytes.dropLast()).flatMap { product($0, 1 << 10) }
    case UInt8(ascii: "M"): decimal(text.bytes.dropLast()).flatMap { product($0, 1 << 20) }
    case UInt8(ascii: "G"): decimal(text.bytes.dropLast()).flatMap { product($0, 1 << 30) }
    default: decimal(text.bytes[...])
    }
}

/// A duration as a message shows it, in the largest unit that divides it.
func durationText(_ seconds: Int64) -> String {
    for (unit, name) in [(86_400 as Int64, "d"), (3_600, "h"), (60, "m")] where seconds != 0 && seconds % unit == 0 {
        return "\(seconds / unit)\(name)"
    }
    return "\(seconds)s"
}

/// A size as a message shows it, in the largest unit that divides it.
func sizeText(_ bytes: Int64) -> String {
    for (unit, name) in [(1 << 30 as Int64, "G"), (1 << 20, "M"), (1 << 10, "K")] where bytes != 0 && bytes % unit == 0
    {
        return "\(bytes / unit)\(name)"
    }
    return "\(bytes)"
}

private func decimal(_ digits: ArraySlice<UInt8>) -> Int64? {
    guard !digits.isEmpty else { return nil }
    var value: Int64 = 0
    for byte in digits {
        guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte, let tenfold = product(value, 10) else { return nil }
        let (sum, overflow) = tenfold.addingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
        guard !overflow else { return nil }
        value = sum
    }
    return value
}

private func product(_ count: Int64, _ unit: Int64) -> Int64? {
    let (product, overflow) = count.multipliedReportingOverflow(by: unit)
    return overflow ? nil : product
}
