internal import POSIX

/// How far a batch is, for a person who waits: on standard error, when that is a terminal that shows no answers, and only
/// after a second.
struct BatchProgress {
    private static let second: UInt64 = 1_000_000_000
    private static let interval = second / 5

    private let isWanted = StandardStream.error.obeysControlSequences && !StandardStream.output.isTerminal
    private let begin = SystemClock.monotonicNanoseconds()
    /// Bytes; nil when the input is no file.
    private let inputSize = StandardStream.input.size
    private var shownAt: UInt64 = 0

    /// - Parameters:
    ///   - count: Lines answered so far.
    ///   - inputRead: Bytes of the input that they had.
    mutating func show(count: Int, inputRead: Int) {
        guard isWanted else { return }
        let now = SystemClock.monotonicNanoseconds()
        guard now - begin > Self.second, now - shownAt > Self.interval else { return }
        shownAt = now
        let rate = Double(count) * Double(Self.second) / Double(now - begin)
        var text = "\(count) lines, \(Int(rate)) a second"
        if let inputSize, inputSize > 0 {
            let width = 24
            let done = min(inputRead * width / inputSize, width)
            let bar = String(repeating: "#", count: done) + String(repeating: "-", count: width - done)
            text = "[\(bar)] \(min(inputRead * 100 / inputSize, 100)) %, " + text
        }
        // Over what stood there before.
        Output.raw("\r\(text)\u{1B}[K", to: .error)
    }

    /// Leaves an empty line behind.
    mutating func clear() {
        if shownAt == 0 { return }
        shownAt = 0
        Output.raw("\r\u{1B}[K", to: .error)
    }
}
