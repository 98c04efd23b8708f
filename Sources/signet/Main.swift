internal import ArgumentParser
internal import POSIX

/// The command line's entry. The exit status is 0 for success (with `verify`: a valid token), 1 for a token that is not
/// valid, and 2 for everything else, wrong arguments included.
@main
struct Main {
    static func main() {
        StandardStream.holdMissing()
        let arguments = Array(CommandLine.arguments.dropFirst())
        // Before there is another thread, which would not hold the signals back. And this one waits by itself: an
        // asynchronous `main` would leave it to Dispatch, which parks it with every signal let through.
        if arguments.contains(where: { $0.utf8.elementsEqual("--watch".utf8) }) { TerminalSignal.block() }
        Task.detached { ThisProcess.exit(await run(arguments)) }
        guard let end = try? WakeUp() else {
            Output.complain("out of file descriptors")
            ThisProcess.exit(2)
        }
        while true { end.wait(milliseconds: WakeUp.withoutBound) }
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
