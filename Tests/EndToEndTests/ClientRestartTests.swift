import Foundation
import SignetClient
import Synchronization
import Testing

@Suite("A daemon that is killed and comes back, under load")
struct ClientRestartTests {
    private static let tasks = 64
    private static let restarts = 20

    @Test("64 tasks of one client sign and verify over 20 restarts; no call is lost, and no token comes twice")
    func restarts() async throws {
        let daemon = try TestDaemon()
        let client = try SignetClient(socketPath: daemon.socket, timeout: .seconds(120))
        let first = try await client.sign()
        let progress = Progress(tasks: Self.tasks)
        let results = try await withThrowingTaskGroup(of: Work.self) { group in
            for task in 0..<Self.tasks {
                group.addTask { try await Work(of: task, by: client, with: first, progress) }
            }
            for restart in 0..<Self.restarts {
                // Each task has had a call answered since the last restart, so that no call meets two of them.
                await progress.allHaveMoved()
                let isKill = restart.isMultiple(of: 2)
                progress.mayLose(isKill)
                try daemon.restart(by: isKill ? SIGKILL : SIGTERM)
                await progress.allHaveMoved()
            }
            progress.finish()
            return try await group.reduce(into: Work()) { $0.add($1) }
        }
        #expect(results.signed.count + results.lost >= Self.tasks * Self.restarts)
        #expect(results.verified >= Self.tasks * Self.restarts)
        #expect(Set(results.signed).count == results.signed.count, "a token came twice")
        #expect(results.errors == [])
    }

    /// What one task did, or all of them.
    private struct Work: Sendable {
        /// The ids of the tokens that came.
        var signed: [String] = []
        var verified = 0
        /// Tokens that may have been signed, and did not come.
        var lost = 0
        var errors: [String] = []

        init() {}

        init(of task: Int, by client: SignetClient, with token: String, _ progress: Progress) async throws {
            while true {
                do throws(SignetError) {
                    signed.append(try await client.signedToken(["sub": "user-\(task)"]).tokenID ?? "none")
                } catch .connectionLost where progress.mayHaveLost {
                    lost += 1
                } catch {
                    errors.append("sign: \(error)")
                }
                do throws(SignetError) {
                    _ = try await client.verify(token)
                    verified += 1
                } catch {
                    errors.append("verify: \(error)")
                }
                // Cancelled where the daemon did not come back: then every call fails at once, and none would be the last.
                guard await progress.step(of: task), !Task.isCancelled else { return }
            }
        }

        mutating func add(_ other: Work) {
            signed += other.signed
            verified += other.verified
            lost += other.lost
            errors += other.errors
        }
    }

    /// Lets the one who restarts wait for the tasks.
    private final class Progress: Sendable {
        private struct State {
            var moved: Set<Int> = []
            var waiter: CheckedContinuation<Void, Never>?
            var mayHaveLost = false
            var isFinished = false
        }
        private let state = Mutex(State())
        private let tasks: Int

        init(tasks: Int) { self.tasks = tasks }

        /// Whether a daemon was killed since a task last looked: its calls may have been carried out.
        var mayHaveLost: Bool { state.withLock { $0.mayHaveLost } }
        func mayLose(_ isKill: Bool) { state.withLock { $0.mayHaveLost = isKill } }
        func finish() { state.withLock { $0.isFinished = true } }

        /// A task has had its calls answered; whether it goes on.
        func step(of task: Int) async -> Bool {
            let (waiter, goesOn): (CheckedContinuation<Void, Never>?, Bool) = state.withLock { state in
                state.moved.insert(task)
                guard state.moved.count == tasks else { return (nil, !state.isFinished) }
                return (state.waiter.take(), !state.isFinished)
            }
            waiter?.resume()
            return goesOn
        }

        /// Returns when each task has moved since this was called.
        func allHaveMoved() async {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    state.moved = []
                    state.waiter = continuation
                }
            }
        }
    }
}

extension TestDaemon {
    /// Ends the daemon by a signal, and starts it again.
    fileprivate func restart(by signal: Int32) throws {
        self.signal(signal)
        process.waitUntilExit()
        try start()
    }
}
