import CLibCrypto
import OpenSSL
import Testing

/// OpenSSL's allocations in the arena, counted, and one of them refused: for a process that does nothing else.
///
/// What is refused, the arena refuses: it is asked for more than it ever gives.
enum AllocationFaults {
    // Reason for all of them: one thread of one process uses them, an exit test's.
    /// How many allocations it still takes until one is refused; 0: none will be.
    private nonisolated(unsafe) static var distance = 0
    private nonisolated(unsafe) static var hasRefused = false
    private nonisolated(unsafe) static var count = 0
    /// While `traced` looks: the blocks taken since, and where OpenSSL asked for each.
    private nonisolated(unsafe) static var trace: [UInt: String]?
    private nonisolated(unsafe) static var arena: (CRYPTO_malloc_fn?, CRYPTO_realloc_fn?, CRYPTO_free_fn?) = (
        nil, nil, nil
    )

    private static let tooMuch = 1 << 30

    /// How many more blocks are in use than at the beginning.
    static var live: Int { unsafe count }

    /// Whether OpenSSL holds no error for this thread, which the next failure would be given out as.
    static var errorQueueIsEmpty: Bool { ERR_peek_error() == 0 }

    private static func note(_ block: UnsafeMutableRawPointer?, _ file: UnsafePointer<CChar>?, _ line: Int32) {
        guard let block = unsafe block else { return }
        unsafe count += 1
        guard unsafe trace != nil else { return }
        let name = unsafe file.map { unsafe String(cString: $0) } ?? ""
        unsafe trace?[UInt(bitPattern: block)] = "\(name):\(line)"
    }

    private static func forget(_ block: UnsafeMutableRawPointer?) {
        guard let block = unsafe block else { return }
        unsafe count -= 1
        unsafe trace?[UInt(bitPattern: block)] = nil
    }

    /// Where OpenSSL asked for the blocks that `body` took and left behind, with how many of each there are.
    static func traced(_ body: () throws -> Void) rethrows -> [String: Int] {
        unsafe trace = [:]
        defer { unsafe trace = nil }
        try body()
        let places = unsafe trace?.values.map { ($0, 1) } ?? []
        return Dictionary(places, uniquingKeysWith: +)
    }

    /// Opens the arena, and places itself before it. The first thing that happens in the process.
    static func begin() throws {
        try SecretMemory.open()
        try SecretMemory.extend(to: 4 << 20)
        var (allocate, reallocate, free) = unsafe arena
        unsafe CRYPTO_get_mem_functions(&allocate, &reallocate, &free)
        unsafe arena = unsafe (allocate, reallocate, free)
        let isSet = unsafe CRYPTO_set_mem_functions(
            { size, file, line in
                let block = unsafe AllocationFaults.arena.0?(AllocationFaults.size(size), file, line)
                unsafe AllocationFaults.note(block, file, line)
                return unsafe block
            },
            { old, size, file, line in
                let asked = size == 0 ? 0 : AllocationFaults.size(size)
                let block = unsafe AllocationFaults.arena.1?(old, asked, file, line)
                if unsafe block != nil || size == 0 { unsafe AllocationFaults.forget(old) }
                unsafe AllocationFaults.note(block, file, line)
                return unsafe block
            },
            { block, file, line in
                unsafe AllocationFaults.forget(block)
                unsafe AllocationFaults.arena.2?(block, file, line)
            })
        guard isSet == 1 else { throw SecretMemoryError.openSSLInUse }
        try fillErrorQueue()
    }

    /// Gives each slot of this thread's error queue a text. OpenSSL allocates one when a slot first gets an error with a
    /// text, and keeps it for the next: without this, the first error that comes to a slot would look like a leak.
    private static func fillErrorQueue() throws {
        for _ in 0..<ERR_NUM_ERRORS {
            guard let text = unsafe CRYPTO_zalloc(1, nil, 0) else { throw SecretMemoryError.exhausted }
            ERR_new()
            // Reason: an empty C string, which the queue owns from here on.
            unsafe ERR_set_error_data(text.assumingMemoryBound(to: CChar.self), ERR_TXT_MALLOCED | ERR_TXT_STRING)
        }
        ERR_clear_error()
    }

    /// Has the `number`-th allocation of `body` refused, counted from 1; whether there was one.
    static func refusing<Result>(_ number: Int, _ body: () throws -> Result) rethrows -> (Result, wasRefused: Bool) {
        unsafe (distance, hasRefused) = (number, false)
        defer { unsafe distance = 0 }
        return (try body(), unsafe hasRefused)
    }

    /// How often `body` allocates.
    static func allocations(of body: () throws -> Void) rethrows -> Int {
        unsafe distance = .max
        defer { unsafe distance = 0 }
        try body()
        return unsafe .max - distance
    }

    /// Calls `attempt` with 1, 2, and so on for as long as it says that there was such an allocation to refuse; each time
    /// it must leave as many blocks in use as there were before.
    ///
    /// - Returns: How many were refused.
    @discardableResult
    static func sweep(_ name: String, _ attempt: (Int) throws -> Bool) throws -> Int {
        var number = 1
        while true {
            let before = live
            let wasRefused = try attempt(number)
            if live != before {
                let growth = live - before
                let places = try traced { _ = try attempt(number) }
                Issue.record("\(name), allocation \(number): \(growth) blocks more; once more: \(places)")
            }
            if !wasRefused { return number - 1 }
            number += 1
        }
    }

    private static func size(_ asked: Int) -> Int {
        guard unsafe distance > 0 else { return asked }
        unsafe distance -= 1
        guard unsafe distance == 0 else { return asked }
        unsafe hasRefused = true
        return tooMuch
    }
}
