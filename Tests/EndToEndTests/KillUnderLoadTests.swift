import Foundation
import Testing

@Suite("A daemon that is killed at random while it signs, rotates and reloads") struct KillUnderLoadTests {
    /// `SIGNET_KILLS` times, else ten.
    private static let kills = Int(ProcessInfo.processInfo.environment["SIGNET_KILLS"] ?? "") ?? 10
    /// `SIGNET_SEED`, to see a failure again.
    private static let seed =
        UInt64(ProcessInfo.processInfo.environment["SIGNET_SEED"] ?? "") ?? .random(in: 0...UInt64.max)

    @Test(
        """
        after each kill it starts, its files load, no jti came twice, every token verifies that should, and none that \
        should not
        """)
    func kills() throws {
        print("kill -9: seed \(Self.seed)")
        let trial = try KillTrial(seed: Self.seed)
        for _ in 0..<Self.kills { try trial.round() }
        // What the last one left is whole, too.
        try trial.daemon.start()
        #expect(try trial.daemon.sign("web").isOK)
        #expect(trial.daemon.stop() == 0)
        let counts = trial.counts
        print("kill -9: \(counts)")
        #expect(counts.kills == Self.kills)
        #expect(counts.signed > 0 && counts.verified > 0)
    }
}
