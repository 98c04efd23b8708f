/// The calls in flight on one connection, in the order of their request lines: that of their answers (rule WIRE-1).
///
/// A call that has ended early keeps its place, so that its answer is dropped when it comes.
struct CallQueue: ~Copyable {
    struct Entry {
        let call: PendingCall
        let id: Int64
        /// Bytes of the connection's output up to the end of this call's line.
        let end: UInt64
    }

    /// A ring; its size is a power of two.
    private var slots = [Entry?](repeating: nil, count: 64)
    private var head = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ entry: Entry) {
        if count == slots.count {
            slots = (0..<count).map { slots[place($0)] } + [Entry?](repeating: nil, count: count)
            head = 0
        }
        slots[place(count)] = entry
        count += 1
    }

    mutating func popFirst() -> Entry? {
        guard count > 0 else { return nil }
        let entry = slots[head]
        slots[head] = nil
        head = place(1)
        count -= 1
        return entry
    }

    /// Calls `body` with every call, the oldest first.
    borrowing func forEach(_ body: (PendingCall) -> Void) {
        for offset in 0..<count {
            if let entry = slots[place(offset)] { body(entry.call) }
        }
    }

    private func place(_ offset: Int) -> Int { (head + offset) & (slots.count - 1) }
}
