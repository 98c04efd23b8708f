internal import ArgumentParser
internal import JOSE
internal import Keys
internal import POSIX
internal import SignetClient
internal import StrictJSON

/// `signet key list`.
struct KeyListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show the keys of a keyring's directory.",
        discussion: """
            Which key may sign and verify now, from when and until when. Nothing of the
            keys themselves is shown. Files that a daemon would refuse are named on
            standard error, with what to do about it. Sealed keys need their KEK: --kek.

            Exit status 0: every file is sound. 2: one is not, or the directory cannot be
            read.

            Examples:
              sudo signet key list /var/lib/signet/keys/default
              signet key list -o json keys/web
              signet key list --kek /etc/signet/kek.jwk keys/sealed
            """)

    enum Format: String, CaseIterable, ExpressibleByArgument { case table, json }

    @OptionGroup var ring: RingDirectoryArguments

    @Option(name: [.short, .long], help: "How to print it.")
    var output = Format.table

    func run() throws {
        let listing = try withKeys { () throws(KeyError) in try KeyListing(ring.place) }
        let now = SystemClock.unixSeconds()
        switch output {
        case .table:
            let head = ["KID", "ALGORITHM", "TYPE", "USE", "SIGNS FROM", "EXPIRES", "REVOKED", "FILE"]
            Output.line(Self.table([head] + listing.keys.map { Self.row($0, now: now) }))
        case .json:
            let json = Self.json(listing, now: now)
            Output.line(StandardStream.output.isTerminal ? prettyPrinted(json) : json.text)
        }
        for error in listing.errors { Output.complain(Output.printable(error.description)) }
        let count = listing.errors.count
        if count > 0 { throw Failure("\(count == 1 ? "1 problem" : "\(count) problems") in \(ring.directory)") }
    }

    private static func row(_ key: KeyListing.Entry, now: Int64) -> [String] {
        let uses = (key.signs(at: now) ? ["sign"] : []) + (key.verifies(at: now) ? ["verify"] : [])
        let date = { (seconds: Int64?) in seconds.map { ReadableTime.date($0) } ?? "-" }
        return [
            Output.printable(key.kid.text), key.algorithm?.name ?? "-", key.type,
            uses.isEmpty ? "-" : uses.joined(separator: ", "), key.canSign ? date(key.signsFrom) : "-",
            date(key.times.expires), key.times.isRevoked ? "revoked" : "-", Output.printable(key.file),
        ]
    }

    /// Rows with their columns below each other.
    private static func table(_ rows: [[String]]) -> String {
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.unicodeScalars.count)
            }
        }
        return rows.map { row in
            row.enumerated().map { column, cell in
                column == row.count - 1
                    ? cell : cell + String(repeating: " ", count: widths[column] - cell.unicodeScalars.count)
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private static func json(_ listing: KeyListing, now: Int64) -> JSON {
        let number = { (seconds: Int64?) in seconds.map { JSON($0) } ?? nil }
        let keys = listing.keys.map { key -> JSON in
            [
                "kid": JSON(key.kid.text), "alg": key.algorithm.map { JSON($0.name) } ?? nil, "type": JSON(key.type),
                "sign": JSON(key.signs(at: now)), "verify": JSON(key.verifies(at: now)),
                "signs_from": key.canSign ? number(key.signsFrom) : nil, "expires": number(key.times.expires),
                "revoked": JSON(key.times.isRevoked), "file": JSON(key.file),
            ]
        }
        let errors = listing.errors.map { error -> JSON in
            ["file": JSON(error.file), "problem": JSON(error.problem), "fix": JSON(error.fix)]
        }
        return ["keys": JSON(keys), "errors": JSON(errors)]
    }
}
