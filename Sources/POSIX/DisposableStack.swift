internal import CLinux

/// Runs `body` on a thread of its own whose stack is locked, and unmapped when it ends, and waits for it.
///
/// OpenSSL leaves remnants of keys on the stack that loads them; so does any function that spills registers.
package func withDisposableStack<Result>(_ body: () -> Result) throws(Errno) -> Result {
    // Reason: this function waits for the thread, so neither the closure nor the box outlives the call.
    try withoutActuallyEscaping(body) { (body) throws(Errno) -> Result in
        let work = Work(body)
        let context = unsafe Unmanaged.passUnretained(work).toOpaque()
        try Errno.check(unsafe clinux_run_on_disposable_stack(runWork, context))
        guard let result = work.result as? Result else { throw Errno.noMemory }
        return result
    }
}

/// One closure on its way to another thread, and its result on the way back.
private final class Work {
    private let body: () -> Any
    var result: Any?

    init(_ body: @escaping () -> Any) { self.body = body }
    func run() { result = body() }
}

private func runWork(_ context: UnsafeMutableRawPointer?) {
    guard let context = unsafe context else { return }
    unsafe Unmanaged<Work>.fromOpaque(context).takeUnretainedValue().run()
}
