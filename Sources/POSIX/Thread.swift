internal import Glibc

/// A thread of the system's own, for work that waits: Swift's pool has one thread a core, and none to spare.
package struct Thread: ~Copyable, Sendable {
    private let identity: UInt

    /// Starts `body` on a new thread. Whoever drops the value without `join` lets the thread run on by itself.
    ///
    /// - Throws: EAGAIN when the system allows no more threads.
    package init(_ body: @escaping @Sendable () -> Void) throws(Errno) {
        // Reason: the box is retained for the new thread, which releases it; with no thread, it is released here.
        let box = unsafe Unmanaged.passRetained(Body(body))
        var thread = pthread_t()
        let error = unsafe pthread_create(&thread, nil, runBody, box.toOpaque())
        guard error == 0 else {
            unsafe box.release()
            throw Errno(error)
        }
        identity = thread
    }

    deinit { pthread_detach(identity) }

    /// Lets the scheduler prefer others to the calling thread (setpriority(2): on Linux a nice value is a thread's own).
    ///
    /// - Parameter niceness: 0, as a process begins, to 19, the least. A policy that forbids it changes nothing else.
    package static func lowerPriority(to niceness: Int32) {
        setpriority(Int32(PRIO_PROCESS.rawValue), 0, niceness)
    }

    /// Waits until the body has returned.
    package consuming func join() {
        pthread_join(identity, nil)
        discard self
    }
}

private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func runBody(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { return nil }
    unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
