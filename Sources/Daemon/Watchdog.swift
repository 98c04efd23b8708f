internal import Logging
internal import Server
internal import SigningService

/// Tells the service manager that the daemon is well, as long as it is: while every thread that serves has just signed and
/// verified. Who hears nothing for `WatchdogSec=` restarts the daemon.
///
/// Belongs to the main thread, so that a main thread which is stuck is told of by silence as well.
final class Watchdog {
    /// How often the service manager wants to hear, in nanoseconds; nil: not at all.
    private let interval: UInt64?
    private let notification: ServiceNotification
    private let logger: Logger
    private let clock: () -> UInt64
    private let test: () -> SelfTestRound
    private var round: SelfTestRound?
    private var asked: UInt64

    /// Tests in an interval: two may be late before the daemon counts as stuck.
    private static let testsPerInterval: UInt64 = 3
    /// Looks at a test in the time between two.
    private static let looksPerTest: UInt64 = 4

    /// - Parameters:
    ///   - clock: Nanoseconds of a clock that does not step.
    ///   - test: Begins a self-test.
    init(
        interval: UInt64?, notification: ServiceNotification, logger: Logger, clock: @escaping () -> UInt64,
        test: @escaping () -> SelfTestRound
    ) {
        self.interval = interval
        self.notification = notification
        self.logger = logger
        self.clock = clock
        self.test = test
        asked = clock()
    }

    /// How often `lookAtTime` is to be called at least, in milliseconds; nil: it does not matter.
    static func tick(for interval: UInt64?) -> Int32? {
        interval.map { Int32(clamping: max($0 / (testsPerInterval * looksPerTest * 1_000_000), 1)) }
    }

    /// Passes on what the test has shown that runs, and begins the next when it is time.
    func lookAtTime() {
        guard let interval else { return }
        switch round?.outcome {
        case .running: return
        case .passed: notification.tellWell()
        case .failed(let failure):
            logger.log(
                .selfTestFailed, .error, "\(failure); the service manager is not told that the daemon is well")
        case nil: break
        }
        round = nil
        let now = clock()
        guard now - asked >= interval / Self.testsPerInterval else { return }
        asked = now
        round = test()
    }
}
