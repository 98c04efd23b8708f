internal import Histogram

/// What a load found: how long the successes took, and the errors by code.
struct LoadResult: Sendable {
    /// Of the successes, in nanoseconds.
    private(set) var latencies = Histogram<UInt64>(
        highestTrackableValue: longestLatency, numberOfSignificantValueDigits: .three)
    /// Answers that were no success, by code.
    private(set) var errors: [String: UInt64] = [:]
    /// How long was measured.
    var seconds = 0.0
    /// How long the oldest request that had no answer at the end had been waiting, in nanoseconds.
    private(set) var oldestUnanswered: UInt64 = 0
    /// Why a thread ended early.
    var failure: String?

    /// A day in nanoseconds, the longest that can be measured for.
    private static let longestLatency: UInt64 = 86_400_000_000_000

    var successes: UInt64 { latencies.totalCount }
    var errorCount: UInt64 { errors.values.reduce(0, +) }

    /// Successes a second; 0 when nothing was measured.
    var rate: Double { seconds > 0 ? Double(successes) / seconds : 0 }

    mutating func add(latency: UInt64) { latencies.record(min(latency, Self.longestLatency)) }

    mutating func add(error: String) { errors[error, default: 0] += 1 }

    /// - Parameter age: How long a request has been waiting, in nanoseconds.
    mutating func add(unanswered age: UInt64) { oldestUnanswered = max(oldestUnanswered, age) }

    mutating func merge(_ other: LoadResult) {
        latencies.add(other.latencies)
        errors.merge(other.errors, uniquingKeysWith: +)
        seconds = max(seconds, other.seconds)
        add(unanswered: other.oldestUnanswered)
        failure = failure ?? other.failure
    }
}

/// What the connections of one thread find, from the end of the warm-up on.
final class LoadRecord {
    /// Answers that come in it count, by the monotonic clock.
    let window: Range<UInt64>
    var result = LoadResult()

    init(_ window: Range<UInt64>) { self.window = window }

    /// Counts an answer that came `now` to what was sent at `sent`; `error` is its code, nil for a success.
    func add(sent: UInt64, now: UInt64, error: String?) {
        guard window.contains(now) else { return }
        if let error { result.add(error: error) } else { result.add(latency: now - sent) }
    }

    /// Notes that the thread has ended.
    func end(now: UInt64) {
        let end = min(max(now, window.lowerBound), window.upperBound)
        result.seconds = Double(end - window.lowerBound) / 1e9
    }
}
