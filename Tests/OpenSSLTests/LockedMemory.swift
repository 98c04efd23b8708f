import Glibc
import OpenSSL

/// The arena, opened once for the test process, before anything asks OpenSSL for memory.
enum LockedMemory {
    static func open() throws { try outcome.get() }

    /// False under sanitizers, which must see the heap.
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

    var copy: [UInt8] { withSpan { span in span.indices.map { span[$0] } } }
}

/// Runs `body` on that many new threads at once, and waits until all of them have ended.
func onNewThreads(_ count: Int = 1, _ body: @escaping @Sendable () -> Void) throws {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    struct NoThread: Error { let code: Int32 }
    var threads: [pthread_t] = []
    for _ in 0..<count {
        var thread = pthread_t()
        // Reason: the box is retained for the new thread, which releases it.
        let code = unsafe pthread_create(
            &thread, nil,
            { context in
                if let context = unsafe context { unsafe Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body() }
                return nil
            }, Unmanaged.passRetained(Box(body)).toOpaque())
        guard code == 0 else { throw NoThread(code: code) }
        threads.append(thread)
    }
    for thread in threads { pthread_join(thread, nil) }
}
