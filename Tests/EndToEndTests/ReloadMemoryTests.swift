import Foundation
import Synchronization
import Testing

@Suite("Reloads leave nothing behind") struct ReloadMemoryTests {
    /// Clients that sign and verify all the time, until they are stopped.
    private final class Load: Sendable {
        private let isStopping = Atomic(false)
        private let served = Atomic(0)
        /// The first answer that was not as it must be.
        private let failure = Mutex<String?>(nil)

        func run(_ client: LineClient, _ profiles: [String]) {
            while !isStopping.load(ordering: .relaxed) {
                for profile in profiles {
                    do {
                        let signed = try client.ask(#"{"op":"sign","profile":"\#(profile)"}"#)
                        let token = signed.text("token")
                        let verified = try client.ask(#"{"op":"verify","profile":"\#(profile)","token":"\#(token)"}"#)
                        guard verified.isValid == true else { return fail("\(signed) \(verified)") }
                        served.add(1, ordering: .relaxed)
                    } catch { return fail("\(error)") }
                }
            }
        }

        private func fail(_ words: String) { failure.withLock { $0 = $0 ?? words } }

        /// Starts a thread for each of some connections.
        func start(_ daemon: TestDaemon, _ profiles: [String]) throws -> [Thread] {
            try (0..<4).map { _ in
                let client = try daemon.connect()
                let thread = Thread { self.run(client, profiles) }
                thread.start()
                return thread
            }
        }

        /// Returns how many tokens were signed and verified, and what went wrong.
        func stop(_ threads: [Thread]) throws -> (served: Int, failure: String?) {
            isStopping.store(true, ordering: .relaxed)
            try awaitResult("the clients end") { threads.allSatisfy { $0.isFinished } ? true : nil }
            return (served.load(ordering: .relaxed), failure.withLock { $0 })
        }
    }

    private struct Use: CustomStringConvertible {
        let resident: Int
        let locked: Int
        let descriptors: Int

        init(of daemon: TestDaemon) throws {
            resident = try daemon.memory("VmRSS")
            locked = try daemon.lockedMemory()
            descriptors = try daemon.descriptors()
        }

        var description: String { "\(resident >> 10) kB resident, \(locked >> 10) kB locked, \(descriptors) files" }
    }

    @Test(
        "ROT-4 2,000 reloads under load fail no request, and take no memory and no descriptors"
    )
    func manyReloads() throws {
        let rings = [TestRing("HS512"), TestRing("ES256")]
        let daemon = try TestDaemon(rings: rings)
        daemon.log.discard()
        let client = try daemon.connect()
        let load = Load()
        let threads = try load.start(daemon, rings.map(\.name))
        func reload(_ count: Int) throws {
            for _ in 0..<count {
                let answer = try client.ask(#"{"op":"reload"}"#)
                try #require(answer.isOK, "\(answer)")
            }
        }
        try reload(200)
        let before = try Use(of: daemon)
        try reload(2_000)
        let after = try Use(of: daemon)
        let (served, failure) = try load.stop(threads)
        #expect(failure == nil)
        #expect(served > 0)
        // Seen: 21,896 kB resident and 620 kB locked, before and after.
        #expect(after.resident - before.resident < 2 << 20, "\(before); \(after)")
        #expect(after.locked - before.locked < 256 << 10, "\(before); \(after)")
        #expect(after.descriptors <= before.descriptors, "\(before); \(after)")
        #expect(try DaemonStatus(by: client).generation == 2_201)
    }

    @Test("Reloads that fail leave no memory and no descriptors either")
    func failedReloads() throws {
        let daemon = try TestDaemon(rings: [TestRing("HS512"), TestRing("ES256"), TestRing("Ed25519")])
        daemon.log.discard()
        // The ring that is read last is broken, so that keys of the others have been loaded.
        let file = daemon.directory.appending(path: "keys/ed25519/broken.jwk")
        try Data("{".utf8).write(to: file)
        try daemon.setMode(0o600, file)
        let client = try daemon.connect()
        func reload(_ count: Int) throws {
            for _ in 0..<count {
                let answer = try client.ask(#"{"op":"reload"}"#)
                try #require(answer.errorCode == "reload_failed", "\(answer)")
            }
        }
        try reload(200)
        let before = try Use(of: daemon)
        try reload(1_000)
        let after = try Use(of: daemon)
        #expect(after.resident - before.resident < 1 << 20, "\(before); \(after)")
        #expect(after.locked - before.locked < 256 << 10, "\(before); \(after)")
        #expect(after.descriptors <= before.descriptors, "\(before); \(after)")
    }
}
