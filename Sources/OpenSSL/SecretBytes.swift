internal import CLibCrypto

/// Secret bytes in locked memory, wiped when their life ends. They cannot be copied.
@safe package struct SecretBytes: ~Copyable, @unchecked Sendable {
    // Reason for @unchecked: the memory is owned by this value alone, so it moves between threads with it.
    private let memory: UnsafeMutablePointer<UInt8>
    /// The number of bytes.
    package private(set) var count: Int

    /// - Throws: `exhausted` when the arena has no room.
    package init(count: Int) throws(SecretMemoryError) {
        guard count >= 0, let block = unsafe arena_allocate(max(count, 1)) else { throw .exhausted }
        unsafe memory = block.assumingMemoryBound(to: UInt8.self)
        unsafe memory.initialize(repeating: 0, count: count)
        self.count = count
    }

    deinit { unsafe arena_free(memory) }

    /// Shortens the bytes. What lies behind stays locked and is wiped with the rest.
    package mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count)
        self.count = count
    }

    /// The bytes, for the time of the call.
    package func withSpan<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // Reason: the block holds `count` initialised bytes for as long as this value lives.
        try body(unsafe Span(_unsafeStart: memory, count: count))
    }

    /// The bytes, to be written, for the time of the call.
    package mutating func withMutableSpan<Result, Failure: Error>(
        _ body: (inout MutableSpan<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // Reason: the block holds `count` initialised bytes, and this access is exclusive.
        var span = unsafe MutableSpan(_unsafeStart: memory, count: count)
        return try body(&span)
    }

    /// Whether two secrets are the same, in a time that tells nothing of where they differ (rule SIG-3).
    package static func areEqual(_ left: borrowing SecretBytes, _ right: borrowing SecretBytes) -> Bool {
        left.withSpan { left in right.withSpan { constantTimeEqual(left, $0) } }
    }

    func withUnsafePointer<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result {
        unsafe body(UnsafePointer(memory))
    }

    func withUnsafeMutablePointer<Result>(_ body: (UnsafeMutablePointer<UInt8>) -> Result) -> Result {
        unsafe body(memory)
    }
}
