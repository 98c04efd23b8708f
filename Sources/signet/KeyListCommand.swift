internal import ArgumentParser
internal import JOSE
internal import Keys
internal import POSIX
internal import SignetClient
internal import StrictJSON

/// `signet key list`.
struct KeyListCommand: ParsableCommand, FormattedCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show the keys of a keyring: their states, from when and until when.",
        discussion: """
            Of a keyring that the configuration names, what the daemon recorded counts: a
            previous key verifies until the last token that it signed has expired, and its
            file may go then. Of a directory alone that is not known. Nothing of the keys
            themselves is shown. With -o json, an object with keys, revoked and errors. Files that a daemon would refuse are named on standard
            error, with what to do about it. Sealed keys need their KEK.

            Exit status 0: every file is sound. 2: one is not, or the directory cannot be
            read.

            Examples:
              sudo signet key list web
              signet key list -o json keys/web
              signet key list --kek /etc/signet/kek.jwk keys/sealed
            """)

    @OptionGroup var ring: KeyringArguments

    @OptionGroup var output: OutputOptions

    func run() throws {
        let now = SystemClock.unixSeconds()
        let ring = try ring.find(at: now)
        let listing = try withKeys { () throws(KeyError) in try KeyListing(ring.place) }
        let lives = listing.lives(of: ring.place.ring, ring.knowledge, at: now)
        // The algorithm that a file leaves to its ring.
        let common = ring.algorithm
        switch output.format {
        case .text:
            let head = [
                "KID", "ALGORITHM", "TYPE", "STATE", "SIGNS FROM", "VERIFIES UNTIL", "LAST EXP SIGNED",
                "SAFE TO REMOVE",
                "FILE",
            ]
            Output.line(TextTable.text([head] + listing.keys.map { Self.row($0, common, lives) }))
        case .json:
            Output.json(Self.json(listing, common, lives))
        }
        for error in listing.errors { Output.complain(Output.printable(error.description)) }
        let count = listing.errors.count
        if count > 0 { throw Failure("\(count == 1 ? "1 problem" : "\(count) problems") in \(ring.place.path)") }
    }

    private static func row(_ key: KeyListing.Entry, _ common: Algorithm?, _ lives: ListedLives) -> [String] {
        let signsFrom = lives.signsFrom(key.kid)
        let safe = lives.safeToRemove(key.kid)
        return [
            Output.printable(key.kid.text), (key.algorithm ?? common)?.name ?? "-", key.type,
            lives.state(key.kid)?.rawValue ?? "-", signsFrom == 0 ? "always" : date(signsFrom),
            date(lives.verifiesUntil(key.kid)), date(lives.latestExpiry(key.kid)),
            safe.map { $0 <= lives.now ? "now" : date($0) } ?? "-", Output.printable(key.file),
        ]
    }

    private static func date(_ time: Int64?) -> String {
        guard let time, time != KeyRecord.never else { return "-" }
        return ReadableTime.date(time)
    }

    private static func json(_ listing: KeyListing, _ common: Algorithm?, _ lives: ListedLives) -> JSON {
        let number = { (time: Int64?) -> JSON in
            guard let time, time != KeyRecord.never else { return nil }
            return JSON(time)
        }
        let keys = listing.keys.map { key -> JSON in
            [
                "kid": JSON(key.kid.text), "alg": (key.algorithm ?? common).map { JSON($0.name) } ?? nil,
                "type": JSON(key.type), "state": lives.state(key.kid).map { JSON($0.rawValue) } ?? nil,
                "can_sign": JSON(key.canSign), "signs_from": number(lives.signsFrom(key.kid)),
                "verifies_until": number(lives.verifiesUntil(key.kid)), "expires": number(key.times.expires),
                "last_exp": number(lives.latestExpiry(key.kid)), "safe_to_remove": number(lives.safeToRemove(key.kid)),
                "file": JSON(key.file),
            ]
        }
        let errors = listing.errors.map { error -> JSON in
            ["file": JSON(error.file), "problem": JSON(error.problem), "fix": JSON(error.fix)]
        }
        return [
            "keys": JSON(keys), "revoked": JSON(listing.revoked.sorted().map { JSON($0.text) }), "errors": JSON(errors),
        ]
    }
}
