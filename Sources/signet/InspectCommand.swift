internal import ArgumentParser
internal import POSIX

/// `signet inspect`.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Decode a token without verifying it.",
        discussion: """
            Asks nobody. Header and claims go to standard output, one JSON object each; times in words, and the
            rule that a malformed token breaks, to standard error. Nothing shown is proven: whoever made the
            token may have written anything into it.

            Exit status 0: it is well formed. 1: it is not.

            Example:
              signet inspect < token.jwt
            """)

    @OptionGroup var input: TokenArgument

    func run() throws {
        let token = Array(try input.read().utf8)
        let inspection = TokenInspection(token, now: SystemClock.unixSeconds())
        for part in [inspection.header, inspection.claims] {
            if let part { Output.line(prettyPrinted(part)) }
        }
        for time in inspection.times { Output.complain(time) }
        Output.complain("not verified: this only decodes the token; signet verify checks it")
        if let flaw = inspection.flaw { throw Failure(invalidToken: "malformed token: \(flaw)") }
    }
}
