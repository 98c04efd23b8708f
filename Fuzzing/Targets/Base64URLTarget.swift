internal import JOSE

/// Rule B64-1: what is accepted is the one encoding of what it decodes to, and nothing else that is.
func examineBase64URL(_ input: [UInt8]) throws -> Bool {
    let decoded = Base64URL.decode(input.span)
    try require(decoded == plainlyDecoded(input), "another verdict or other bytes than a plain decoder")
    if let decoded { try require(encoded(decoded) == input, "accepted, and encodes to something else") }
    let text = encoded(input)
    try require(Base64URL.decode(text.span) == input, "what was encoded does not decode to itself")
    try require(text.count == Base64URL.encodedCount(input.count), "a wrong length was announced")
    return decoded != nil
}

func encoded(_ bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    Base64URL.append(bytes.span, to: &text)
    return text
}

/// RFC 4648 section 5, a character at a time.
private func plainlyDecoded(_ text: [UInt8]) -> [UInt8]? {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var (bits, count): (UInt32, Int) = (0, 0)
    var bytes: [UInt8] = []
    for character in text {
        guard let value = alphabet.firstIndex(of: character) else { return nil }
        bits = bits << 6 | UInt32(value)
        count += 6
        if count >= 8 {
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            bits &= 1 << UInt32(count) - 1
        }
    }
    // Six bits left are a lone character; what is left else are the unused bits, which are zero.
    return count < 6 && bits == 0 ? bytes : nil
}
