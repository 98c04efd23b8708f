import CLibCrypto
import Foundation
import OpenSSL
import Testing

/// What arena.h promises, asked through its C interface and through OpenSSL's.
@Suite(.enabled(if: LockedMemory.isThere, "a sanitizer watches the heap instead"))
struct ArenaTests {
    /// A size that nothing else here asks for, so that a freed block stays untouched on this thread's list.
    private static let size = 40_000

    private func fill(_ block: UnsafeMutableRawPointer, _ count: Int) {
        // Reason: the block has room for `count` bytes; so below.
        unsafe memset(block, 0xA5, count)
    }

    /// Offsets in `range` that do not hold zero.
    private func remains(_ block: UnsafeMutableRawPointer, _ range: Range<Int>) -> [Int] {
        range.filter { unsafe block.load(fromByteOffset: $0, as: UInt8.self) != 0 }
    }

    /// The first bytes of a freed block hold its place in a list.
    private static let link = MemoryLayout<UInt>.size

    @Test("MEM-1 a block is wiped when it is freed, and found again")
    func wipedOnFree() throws {
        let block = try unsafe #require(arena_allocate(Self.size))
        unsafe fill(block, Self.size)
        unsafe arena_free(block)
        #expect(unsafe remains(block, Self.link..<Self.size).isEmpty)
        let again = try unsafe #require(arena_allocate(Self.size))
        #expect(unsafe again == block)
        unsafe arena_free(again)
    }

    @Test("MEM-1 a block is wiped when OpenSSL moves it, and behind its new end when it is shortened")
    func wipedOnRealloc() throws {
        let block = try unsafe #require(CRYPTO_malloc(Self.size, nil, 0))
        unsafe fill(block, Self.size)
        let shorter = try unsafe #require(CRYPTO_realloc(block, 100, nil, 0))
        #expect(unsafe shorter == block)
        #expect(unsafe remains(block, 100..<Self.size).isEmpty)
        #expect(unsafe remains(block, 0..<100).count == 100)
        let longer = try unsafe #require(CRYPTO_realloc(shorter, 50_000, nil, 0))
        #expect(unsafe longer == block)
        let moved = try unsafe #require(CRYPTO_realloc(longer, 70_000, nil, 0))
        #expect(unsafe moved != block)
        #expect(unsafe remains(moved, 0..<100).count == 100)
        #expect(unsafe remains(block, Self.link..<50_000).isEmpty)
        #expect(unsafe CRYPTO_realloc(moved, 0, nil, 0) == nil)
        #expect(unsafe remains(moved, Self.link..<70_000).isEmpty)
    }

    @Test("null is allocated from and freed as malloc has it")
    func null() throws {
        arena_free(nil)
        CRYPTO_free(nil, nil, 0)
        let block = try unsafe #require(CRYPTO_realloc(nil, 10, nil, 0))
        unsafe CRYPTO_free(block, nil, 0)
        let empty = try unsafe #require(arena_allocate(0))
        unsafe arena_free(empty)
    }

    @Test("blocks are aligned as malloc's, keep their bytes and do not overlap")
    func blocks() throws {
        var blocks: [(start: UInt, count: Int)] = []
        var pointers: [UnsafeMutableRawPointer] = unsafe []
        for count in [1, 15, 16, 17, 48, 49, 100, 112, 113, 1_000, 4_080, 4_081] {
            let block = try unsafe #require(arena_allocate(count))
            unsafe memset(block, Int32(blocks.count + 1), count)
            blocks.append((UInt(bitPattern: block), count))
            unsafe pointers.append(block)
        }
        for (index, block) in blocks.enumerated() {
            #expect(block.start % 16 == 0)
            let pointer = unsafe pointers[index]
            #expect(
                (0..<block.count).allSatisfy { unsafe pointer.load(fromByteOffset: $0, as: UInt8.self) == index + 1 })
        }
        let sorted = blocks.sorted { $0.start < $1.start }
        for (left, right) in zip(sorted, sorted.dropFirst()) { #expect(left.start + UInt(left.count) <= right.start) }
        for index in unsafe pointers.indices { unsafe arena_free(pointers[index]) }
    }

    @Test("MEM-1 the arena is locked, left out of dumps and of children, and stands between pages without access")
    func memoryMap() throws {
        let block = try unsafe #require(arena_allocate(1))
        defer { unsafe arena_free(block) }
        let mappings = try MemoryMapping.ofThisProcess()
        let address = UInt(bitPattern: block)
        let position = try #require(mappings.firstIndex { $0.range.contains(address) })
        let arena = mappings[position]
        #expect(arena.permissions == "rw-p")
        #expect(arena.flags.isSuperset(of: ["lo", "dd", "wf"]))
        #expect(arena.range.count == SecretMemory.usage.size)
        for neighbour in [mappings[position - 1], mappings[position + 1]] { #expect(neighbour.permissions == "---p") }
        #expect(mappings[position - 1].range.upperBound == arena.range.lowerBound)
        #expect(mappings[position + 1].range.lowerBound == arena.range.upperBound)
    }

    @Test("MEM-1 what OpenSSL allocates, and SecretBytes, stand in the arena")
    func openSSLToo() throws {
        let mappings = try MemoryMapping.ofThisProcess()
        let mapping = try #require(mappings.first { $0.flags.isSuperset(of: ["lo", "dd", "wf"]) })
        let block = try unsafe #require(CRYPTO_malloc(10, nil, 0))
        #expect(mapping.range.contains(UInt(bitPattern: block)))
        unsafe CRYPTO_free(block, nil, 0)
        let secret = try SecretBytes(count: 10)
        let address = secret.withSpan { span in unsafe span.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
        }
        #expect(mapping.range.contains(address))
    }
}

/// One entry of /proc/self/smaps (proc_pid_smaps(5)).
private struct MemoryMapping {
    let range: Range<UInt>
    let permissions: String
    var flags: Set<String> = []

    static func ofThisProcess() throws -> [MemoryMapping] {
        let file = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/smaps"))
        var text = Data()
        // The kernel hands out a page at a time, and no size beforehand.
        while let piece = try file.read(upToCount: 1 << 16), !piece.isEmpty { text += piece }
        var mappings: [MemoryMapping] = []
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
            if line.hasPrefix("VmFlags:"), !mappings.isEmpty {
                mappings[mappings.count - 1].flags = Set(line.dropFirst(8).split(separator: " ").map { String($0) })
                continue
            }
            let words = line.split(separator: " ")
            let ends = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard ends.count == 2, words.count > 4 else { continue }
            mappings.append(MemoryMapping(range: ends[0]..<ends[1], permissions: String(words[1])))
        }
        return mappings
    }
}
