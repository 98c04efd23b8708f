internal import ArgumentParser
internal import POSIX
internal import SignetClient

/// What is to be signed: for `sign` and `explain`.
struct ClaimsOptions: ParsableArguments {
    /// More than any request line may hold, in bytes.
    private static let longestInput = 2 << 20

    @Option(help: "The daemon's profile to sign with. (default: default)")
    var profile: String?

    @Option(help: "How long the token is valid: digits and one of s m h d. (default: the profile's)")
    var ttl: TimeSpan?

    @Option(
        name: .customLong("claim"),
        help: ArgumentHelp("A claim whose value is text; may be repeated.", valueName: "name=text"))
    var claims: [String] = []

    @Option(help: ArgumentHelp("Claims as one JSON object; - reads it from standard input.", valueName: "object"))
    var json: String?

    /// The claims of `--json`, then those of `--claim`.
    func read() throws(Failure) -> JSON {
        var members: [(String, JSON)] = []
        if let json {
            guard let object = try parse(json).members else { throw Failure("--json wants one JSON object") }
            members = object.map { ($0.name, $0.value) }
        }
        for claim in claims {
            guard let equals = claim.utf8.firstIndex(of: UInt8(ascii: "=")), equals > claim.startIndex else {
                throw Failure("--claim wants NAME=TEXT, as in --claim sub=user-1; for other values use --json")
            }
            members.append((String(claim[..<equals]), JSON(String(claim[claim.utf8.index(after: equals)...]))))
        }
        return JSON(members: members)
    }

    private func parse(_ text: String) throws(Failure) -> JSON {
        do {
            guard text.utf8.elementsEqual("-".utf8) else { return try JSON(parsing: text) }
            return try JSON(parsingUTF8: try StandardStream.input.readAll(limit: Self.longestInput))
        } catch let error as InvalidJSON {
            throw Failure("--json is not JSON: \(error.message)")
        } catch {
            throw Failure("cannot read the claims from standard input: \(error)")
        }
    }

    /// As the client wants it.
    var timeToLive: Duration? { ttl.map { .seconds($0.seconds) } }
}
