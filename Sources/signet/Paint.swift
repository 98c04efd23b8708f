internal import POSIX

/// Colours for the eye: on a terminal, and nowhere else.
struct Paint {
    private let isOn: Bool

    /// For what goes to this stream. https://no-color.org: `NO_COLOR`, set and not empty, turns them off.
    init(for stream: StandardStream) {
        let isUnwanted = !(ThisProcess.environment("NO_COLOR") ?? "").isEmpty
        isOn = stream.obeysControlSequences && !isUnwanted
    }

    private init() { isOn = false }

    static let none = Paint()

    /// SGR parameters of ECMA-48.
    enum Colour: String {
        case name = "34"
        case string = "32"
        case literal = "33"
        case good = "1;32"
        case bad = "1;31"
        case faint = "2"
    }

    /// What turns a colour on.
    func begin(_ colour: Colour) -> String { isOn ? "\u{1B}[\(colour.rawValue)m" : "" }

    /// What turns it off again.
    var end: String { isOn ? "\u{1B}[0m" : "" }

    func callAsFunction(_ text: String, _ colour: Colour) -> String { begin(colour) + text + end }
}

extension StandardStream {
    /// Whether it is a terminal that moves the cursor and paints when it is told to.
    var obeysControlSequences: Bool {
        let isDumb = ThisProcess.environment("TERM").map { $0.utf8.elementsEqual("dumb".utf8) } ?? true
        return isTerminal && !isDumb
    }
}
