internal import Synchronization
package import WireProtocol

/// What one event loop has done since the start. Only that loop writes; anyone may read, a little behind.
package final class ServiceCounters: Sendable {
    let signed = Counter()
    let verified = Counter()
    /// Tokens that did not verify.
    let invalid = Counter()
    /// Signatures that the verify cache knew, and those of key pairs that it did not know.
    let (remembered, notRemembered) = (Counter(), Counter())
    private let refused = ErrorCode.allCases.map { ($0, Counter()) }

    private let reached = ServiceLimit.allCases.map { ($0, Counter()) }

    /// Counts that a caller has reached a limit.
    package func note(_ limit: ServiceLimit) { reached.first { $0.0 == limit }?.1.increment() }

    func reached(_ limit: ServiceLimit) -> Int64 { reached.first { $0.0 == limit }?.1.value ?? 0 }

    /// Counts a refusal by its code.
    package func note(_ code: ErrorCode) { refused.first { $0.0 == code }?.1.increment() }

    func refusals(_ code: ErrorCode) -> Int64 { refused.first { $0.0 == code }?.1.value ?? 0 }
}

/// A number that one thread raises and others read.
final class Counter: Sendable {
    private let number = Atomic<Int64>(0)

    var value: Int64 { number.load(ordering: .relaxed) }
    /// A load and a store: no other thread writes, so that no locked instruction is needed.
    func increment() { number.store(number.load(ordering: .relaxed) &+ 1, ordering: .relaxed) }
}
