// What the thread sanitizer must see and what it must not, before its word about Signet counts (see run): threads that
// fight for a Mutex and wake each other by semaphores, which is no race, and with an argument one that is.
import Dispatch
import Glibc
import Synchronization

final class Shared: @unchecked Sendable {
    let lock = Mutex(())
    var guarded = 0
    let bell = DispatchSemaphore(value: 0)
    var handedOver = 0
    var unguarded = 0
}

let shared = Shared()
let isRacy = CommandLine.arguments.count > 1

func start(_ body: @escaping @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?) -> pthread_t {
    var thread = pthread_t()
    guard pthread_create(&thread, nil, body, nil) == 0 else { exit(2) }
    return thread
}

let fighters = (0..<4).map { _ in
    start { _ in
        for round in 0..<20_000 {
            shared.lock.withLock { _ in
                shared.guarded += 1
                // The others find it locked, and wait in the kernel.
                if round % 100 == 0 { usleep(1) }
            }
        }
        return nil
    }
}
let giver = start { _ in
    shared.handedOver = 1
    shared.bell.signal()
    return nil
}
let taker = start { _ in
    shared.bell.wait()
    if shared.handedOver != 1 { exit(3) }
    return nil
}
// Nothing orders these two, whichever comes first.
let racers = (0..<(isRacy ? 2 : 0)).map { _ in
    start { _ in
        shared.unguarded += 1
        return nil
    }
}
for thread in fighters + [giver, taker] + racers { pthread_join(thread, nil) }
exit(shared.guarded == 80_000 ? 0 : 3)
