internal import NIOCore

/// Tells answers that lie unread from answers that are being read.
///
/// Looked at by the lane's sweep, so that a turn pays an addition for it and no more.
struct SendingWatch {
    /// Bytes of answers, as a sum that may wrap.
    private var handedOver = 0
    private var takenByKernel = 0
    /// Since when the kernel has taken none of the answers that wait; nil when none wait.
    private(set) var stalledSince: NIODeadline?
    /// Whether answers were handed over that the kernel may not have taken.
    private(set) var isUndecided = false

    /// Bytes that the kernel may not have taken: no more than these.
    var mostUnsent: Int { isUndecided ? handedOver &- takenByKernel : 0 }

    /// What a look found.
    enum Finding { case nothingWaits, moves, stalls }

    /// Notes answers that were handed to the channel, in bytes.
    mutating func handOver(_ count: Int) {
        handedOver &+= count
        isUndecided = true
    }

    /// Looks at how many bytes wait in the channel.
    mutating func look(waiting: Int, at now: NIODeadline) -> Finding {
        let taken = handedOver &- waiting
        defer { takenByKernel = taken }
        guard waiting > 0 else {
            stalledSince = nil
            isUndecided = false
            return .nothingWaits
        }
        if stalledSince == nil || taken != takenByKernel {
            stalledSince = now
            return .moves
        }
        return .stalls
    }
}
