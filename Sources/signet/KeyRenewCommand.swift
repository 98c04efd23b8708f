internal import ArgumentParser
internal import JOSE
internal import Keys
internal import POSIX
internal import StrictJSON

/// `signet key renew`.
struct KeyRenewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew",
        abstract: "Rotate every keyring whose signing key has become old.",
        discussion: """
            Does for each keyring what `signet key rotate` does, if its signing key is older
            than that and has no successor yet. A key's age counts from its nbf, else from
            its iat, else from when its file was written. signet-rotate.timer runs it once
            a day where that is switched on.

            Prints the name of each keyring that got a key, and the kid.

            Exit status 0: done, be it that nothing was old. 2: a keyring is not sound.

            Examples:
              sudo signet key renew --older-than 90d --reload
              sudo signet key renew --older-than 30d --lead 1d web
            """)

    @Argument(help: "Keyrings: names in the configuration, or directories, written with a slash. (default: all)")
    var keyrings: [String] = []

    @Option(help: "How old a signing key may become: digits and one of s m h d.")
    var olderThan: TimeSpan

    @Option(help: "How long from now the new key's nbf is: digits and one of s m h d.")
    var lead = TimeSpan(seconds: 0)

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var keks: KEKOptions
    @OptionGroup var reload: ReloadOptions

    func run() async throws {
        let now = SystemClock.unixSeconds()
        var rings: [NamedKeyring] = []
        for name in keyrings {
            rings.append(try NamedKeyring.find(name, configuration, keks: keks.kek, at: now))
        }
        if keyrings.isEmpty { rings = try NamedKeyring.all(configuration, keks: keks.kek, at: now) }
        var failures = 0
        var hasRotated = false
        for ring in rings {
            let name = Output.printable(ring.place.ring.text)
            do throws(Failure) {
                let outcome = try withKeys { () throws(KeyError) in
                    try KeyRenewal(ring.place, ring.knowledge).renew(
                        ring.algorithm, olderThan: olderThan.seconds, lead: lead.seconds, now: now)
                }
                switch outcome {
                case .left(let reason): Output.complain("\(name): \(Output.printable(reason))")
                case .rotated(let made):
                    hasRotated = true
                    Output.complain(
                        "wrote \(Output.printable(made.file)): \(made.algorithm.name), may sign from "
                            + ReadableTime.date(made.notBefore))
                    Output.line("\(name) \(Output.printable(made.kid.text))")
                }
            } catch {
                Output.complain(error.message)
                failures += 1
            }
        }
        if hasRotated { try await reload.finish(rings.first) }
        if failures > 0 { throw Failure(failures == 1 ? "1 problem" : "\(failures) problems") }
    }
}
