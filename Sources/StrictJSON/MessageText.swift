/// The longest piece of a peer's input that a message repeats, in bytes.
package let longestQuotation = 64

/// Foreign bytes as a message may show them: in quotation marks, escaped to printable ASCII, cut at 64 bytes.
///
/// So no name that a peer chose can start a new log line, move a terminal's cursor or flood a journal.
package func quoteForMessage(_ bytes: some Collection<UInt8>) -> String {
    let hexadecimal = Array("0123456789abcdef".utf8)
    var output: [UInt8] = [UInt8(ascii: "\"")]
    for byte in bytes.prefix(longestQuotation) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
        case 0x20...0x7E: output.append(byte)
        default:
            output += [UInt8(ascii: "\\"), UInt8(ascii: "x")]
            output += [hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
        }
    }
    output.append(UInt8(ascii: "\""))
    return String(decoding: output, as: UTF8.self) + (bytes.count > longestQuotation ? "…" : "")
}
