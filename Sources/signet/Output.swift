internal import POSIX

/// What goes to standard output and standard error. A result that cannot be written ends the program with status 2; when
/// its reader has gone, without a word.
enum Output {
    /// Results: a line on standard output.
    static func line(_ text: String) { write(text, to: .output) }

    /// News for the person: a line on standard error.
    static func complain(_ text: String) { write("signet: " + text, to: .error) }

    /// Text of somebody else's as a terminal may show it: control characters are escaped, so that it cannot move the
    /// cursor or pretend to be another line.
    static func printable(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if isControl(scalar) {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// C0, DEL, C1, and the marks that turn the direction of writing.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case ..<0x20, 0x7F...0x9F, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    /// Whole lines of results.
    static func bytes(_ bytes: [UInt8]) { write(bytes, to: .output) }

    /// Text as it is, without a line's end.
    static func raw(_ text: String, to stream: StandardStream) { write(Array(text.utf8), to: stream) }

    private static func write(_ text: String, to stream: StandardStream) {
        var bytes = Array(text.utf8)
        if bytes.last != LineFeed.byte { bytes.append(LineFeed.byte) }
        write(bytes, to: stream)
    }

    private static func write(_ bytes: [UInt8], to stream: StandardStream) {
        do throws(Errno) {
            try stream.write(bytes.span)
        } catch {
            // Of errors of errors, nobody can be told.
            guard stream == .output else { return }
            if error != .brokenPipe { complain("cannot write to standard output: \(error)") }
            ThisProcess.exit(2)
        }
    }
}
