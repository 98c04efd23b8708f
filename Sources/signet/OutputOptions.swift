internal import ArgumentParser
internal import POSIX
internal import SignetClient

/// How a command prints its result.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument { case text, json }

/// For commands whose result is one thing, that people and programs may want in different forms.
struct OutputOptions: ParsableArguments {
    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: "How to print the result. json: one document; errors then come without advice.")
    var format = OutputFormat.text

    /// The document: on one line, laid out on a terminal.
    func json(_ json: JSON) { Output.json(json) }
}

extension Output {
    /// A JSON document: on one line, laid out on a terminal.
    static func json(_ json: JSON) {
        line(StandardStream.output.isTerminal ? prettyPrinted(json, Paint(for: .output)) : json.text)
    }
}

/// A command of which people read the errors, unless they ask for JSON.
protocol FormattedCommand: ParsableArguments {
    var output: OutputOptions { get }
}
