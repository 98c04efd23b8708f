/// Finds two members of one name in an object (rule JSON-1), and in memory that is used again for each.
struct DuplicateCheck {
    /// The names of an object with many members, as they are sorted.
    private var order: [SortedName] = []

    /// Objects with more members are checked by sorting, so that no peer can make the check quadratic.
    private static let fewMembers = 16

    private struct SortedName {
        /// The name's first eight bytes, unescaped, the first one highest; zeros where there are fewer.
        let prefix: UInt64
        let name: JSONText
    }

    /// Lets memory for more than so many names go.
    mutating func giveBack(beyond capacity: Int) {
        if order.capacity > capacity { order = [] }
    }

    /// Refuses a repeated name among the `count` members that are linked from `first`.
    mutating func refuse(
        _ members: [JSONMember], from first: Int, count: Int, _ bytes: Span<UInt8>
    ) throws(JSONError) {
        if count <= Self.fewMembers {
            if Self.mayRepeat(members, from: first, bytes) { try Self.refuseFew(members, from: first, bytes) }
        } else {
            try refuseMany(members, from: first, bytes)
        }
    }

    /// Whether two names may be the same: false where no two have their length, first and last byte in common, or rather
    /// what eight bits keep of those.
    private static func mayRepeat(_ members: [JSONMember], from first: Int, _ bytes: Span<UInt8>) -> Bool {
        var seen: InlineArray<4, UInt64> = .init(repeating: 0)
        var position = first
        while position >= 0 {
            let name = members[position].name
            if name.hasEscapes || name.start == name.end { return true }
            let length = UInt64(truncatingIfNeeded: name.end &- name.start)
            let traits = length &<< 16 | UInt64(bytes[name.start]) &<< 8 | UInt64(bytes[name.end - 1])
            // Fibonacci hashing: the highest bits of the product depend on all of the factor's.
            let hash = (traits &* 0x9E37_79B9_7F4A_7C15) &>> 56
            let (word, bit) = (Int(hash &>> 6), 1 as UInt64 &<< (hash & 63))
            if seen[word] & bit != 0 { return true }
            seen[word] |= bit
            position = members[position].next
        }
        return false
    }

    private static func refuseFew(
        _ members: [JSONMember], from first: Int, _ bytes: Span<UInt8>
    ) throws(JSONError) {
        var left = first
        while left >= 0 {
            let name = members[left].name
            var right = members[left].next
            while right >= 0 {
                let other = members[right].name
                if name.equals(other, in: bytes) { throw .duplicateName(name: other) }
                right = members[right].next
            }
            left = members[left].next
        }
    }

    private mutating func refuseMany(
        _ members: [JSONMember], from first: Int, _ bytes: Span<UInt8>
    ) throws(JSONError) {
        order.removeAll(keepingCapacity: true)
        var position = first
        while position >= 0 {
            let name = members[position].name
            order.append(SortedName(prefix: name.prefix(in: bytes), name: name))
            position = members[position].next
        }
        sort(bytes)
        for index in 1..<order.count where Self.compare(order[index - 1], order[index], bytes) == 0 {
            let (left, right) = (order[index - 1].name, order[index].name)
            throw .duplicateName(name: left.start > right.start ? left : right)
        }
    }

    /// Orders by the unescaped bytes: most names differ in the first eight.
    private static func compare(_ left: SortedName, _ right: SortedName, _ bytes: Span<UInt8>) -> Int {
        if left.prefix != right.prefix { return left.prefix < right.prefix ? -1 : 1 }
        return left.name.compare(right.name, in: bytes)
    }

    /// Heapsort: in place, without a closure that would have to capture the span.
    private mutating func sort(_ bytes: Span<UInt8>) {
        var heapSize = order.count
        for root in stride(from: heapSize / 2 - 1, through: 0, by: -1) { siftDown(root, heapSize, bytes) }
        while heapSize > 1 {
            heapSize -= 1
            order.swapAt(0, heapSize)
            siftDown(0, heapSize, bytes)
        }
    }

    private mutating func siftDown(_ start: Int, _ heapSize: Int, _ bytes: Span<UInt8>) {
        var root = start
        while 2 * root + 1 < heapSize {
            var child = 2 * root + 1
            if child + 1 < heapSize, Self.compare(order[child], order[child + 1], bytes) < 0 { child += 1 }
            if Self.compare(order[root], order[child], bytes) >= 0 { return }
            order.swapAt(root, child)
            root = child
        }
    }
}
