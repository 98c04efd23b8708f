import OpenSSL
import POSIX

/// The arena of a process that does nothing else, full but for what is given back block by block.
struct FullMemory: ~Copyable {
    private final class Block {
        private var bytes: SecretBytes?

        init(count: Int) throws(SecretMemoryError) { bytes = try SecretBytes(count: count) }

        func giveBack() { bytes = nil }
    }

    private var blocks: [Block] = []

    /// Takes all there is, in rounds of blocks of each size that the arena knows up to 64 KiB, since a block that is given
    /// back serves that size alone.
    ///
    /// - Parameter order: Which blocks of a round are given back first.
    init(givingBack order: Order) {
        // The smaller, the more: OpenSSL takes names by the hundred.
        var sizes = (4...15).flatMap { [Int](repeating: 1 << $0, count: max(1, 2_048 >> $0)) }
        if order == .smallestFirst { sizes.reverse() }
        while !sizes.isEmpty {
            sizes.removeAll { count in
                guard let block = try? Block(count: count) else { return true }
                blocks.append(block)
                return false
            }
        }
    }

    enum Order: CaseIterable { case smallestFirst, largestFirst }

    /// Gives some blocks back, those of the last round first; false when there is none.
    mutating func giveBack() throws -> Bool {
        let last = blocks.suffix(5)
        blocks.removeLast(last.count)
        // On a thread that ends: one that lives on keeps what it frees for itself, and keys are read on another.
        try withDisposableStack { for block in last { block.giveBack() } }
        return !last.isEmpty
    }
}
