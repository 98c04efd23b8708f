internal import ArgumentParser
internal import Keys
internal import POSIX
internal import StrictJSON

/// `signet key init`.
struct KeyInitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make the first key of every keyring of the configuration that never had one.",
        discussion: """
            For the first boot of a host: signet-keygen.service runs it before signetd. A
            directory that is missing is made, readable by its owner alone. Where the
            configuration names a KEK, keys are sealed. A keyring that has lost its keys is
            left alone and told of: restore them, or begin anew with `signet key new`.

            Prints the name of each keyring that got a key, and the kid.

            Exit status 0: every keyring has a key. 2: one could not be given one.

            Example:
              sudo -u signet signet key init
            """)

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var keks: KEKOptions

    func run() throws {
        let now = SystemClock.unixSeconds()
        var failures = 0
        for ring in try NamedKeyring.all(configuration, keks: keks.kek, at: now) {
            guard let algorithm = ring.algorithm else { continue }
            do throws(Failure) {
                let made = try withKeys { () throws(KeyError) in
                    try FirstKey(ring.place, ring.knowledge).makeIfNone(algorithm, now: now)
                }
                guard let made else { continue }
                Output.complain("wrote \(Output.printable(made.file))")
                Output.line("\(Output.printable(ring.place.ring.text)) \(Output.printable(made.kid.text))")
            } catch {
                Output.complain(error.message)
                failures += 1
            }
        }
        if failures > 0 { throw Failure(failures == 1 ? "1 problem" : "\(failures) problems") }
    }
}
