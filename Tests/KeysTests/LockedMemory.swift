import OpenSSL

/// The arena, opened once for the test process, before anything asks OpenSSL for memory.
enum LockedMemory {
    static func open() throws { try outcome.get() }

    /// False under sanitizers, which must see the heap, and where no memory can be locked.
    static let isThere = (try? open()) != nil && SecretMemory.isLocked

    private static let outcome = Result {
        try SecretMemory.open()
        // Room for all tests of one process at once, within the usual limit on locked memory.
        try SecretMemory.extend(to: 4 << 20)
    }
}

extension SecretBytes {
    /// A secret of known bytes, as only tests have them.
    init(copying bytes: [UInt8]) throws(SecretMemoryError) {
        try self.init(count: bytes.count)
        withMutableSpan { span in for index in bytes.indices { span[index] = bytes[index] } }
    }
}
