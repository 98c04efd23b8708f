import Foundation

/// Runs each piece of a task on a thread of its own.
///
/// For an asynchronous test that must go on while something waits for it: Swift's pool has one thread a core, and the
/// tests beside it that wait in a system call hold them all.
final class OwnThreads: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread.detachNewThread { [self] in unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
