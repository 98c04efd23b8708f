internal import ArgumentParser
internal import POSIX

/// The token that a command is about.
struct TokenArgument: ParsableArguments {
    /// More than any token that a daemon takes, in bytes.
    private static let longestInput = 2 << 20

    @Argument(
        help:
            "The token. Without it, or with -, standard input is read: that is the safe way, since every user of the host can see a command's arguments."
    )
    var token: String?

    /// The token without white space around it.
    func read() throws(Failure) -> String {
        if let token, !token.utf8.elementsEqual("-".utf8) { return token }
        if StandardStream.input.isTerminal { Output.complain("reading the token from standard input") }
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try StandardStream.input.readAll(limit: Self.longestInput)
        } catch {
            throw Failure("cannot read the token from standard input: \(error)")
        }
        let isWhiteSpace = { (byte: UInt8) in byte == 0x20 || 0x09...0x0D ~= byte }
        let trimmed = bytes.drop(while: isWhiteSpace).reversed().drop(while: isWhiteSpace).reversed()
        guard !trimmed.isEmpty else { throw Failure("no token: give it on standard input") }
        guard let token = String(validating: trimmed, as: UTF8.self) else {
            throw Failure(invalidToken: "invalid token: malformed: it is not text")
        }
        return token
    }
}
