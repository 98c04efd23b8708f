internal import ArgumentParser
internal import POSIX

/// The command line's entry. The exit status is 0 for success (with `verify`: a valid token), 1 for a token that is not
/// valid, and 2 for everything else, wrong arguments included.
@main
struct Main {
    static func main() async {
        ThisProcess.exit(await run(Array(CommandLine.arguments.dropFirst())))
    }

    private static func run(_ arguments: [String]) async -> Int32 {
        var isForPrograms = false
        do {
            var command = try Signet.parseAsRoot(arguments)
            isForPrograms = (command as? any FormattedCommand)?.output.format == .json
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            return 0
        } catch let failure as Failure {
            Output.complain(failure.message)
            if !isForPrograms { for hint in failure.hints { Output.complain("  " + hint) } }
            return failure.status
        } catch {
            return report(error)
        }
    }

    /// What the argument parser has to say: help and version on standard output, anything else is an error.
    private static func report(_ error: any Error) -> Int32 {
        var text = Signet.fullMessage(for: error)
        if Signet.exitCode(for: error) == .success {
            Output.line(text)
            return 0
        }
        let parserPrefix = "Error: "
        if text.hasPrefix(parserPrefix) { text.removeFirst(parserPrefix.count) }
        Output.complain(text)
        return 2
    }
}
