internal import NIOCore

/// One connection's turn on its loop, bounded in time so that others have theirs.
struct Turn {
    private let began: NIODeadline
    private var lines = 0
    /// Whether its time is up.
    private(set) var isOver = false

    /// The most that a turn takes, but for the line that it is at.
    private static let share = TimeAmount.microseconds(500)
    /// A look at the clock costs as much as a hundredth of a line that is signed on the loop, so that not every one is
    /// worth it.
    private static let linesPerLook = 4

    init(at now: NIODeadline = .now()) { began = now }

    /// Whether one more line may be answered.
    mutating func takesLine(at now: @autoclosure () -> NIODeadline = .now()) -> Bool {
        if lines > 0, lines % Self.linesPerLook == 0, now() - began >= Self.share { isOver = true }
        lines += 1
        return !isOver
    }

    /// How long it has taken so far.
    var duration: TimeAmount { NIODeadline.now() - began }
}
