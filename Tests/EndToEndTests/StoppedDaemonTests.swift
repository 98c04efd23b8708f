import Foundation
import Synchronization
import Testing

@testable import SignetClient

@Suite("A daemon that is stopped and goes on (SIGSTOP, SIGCONT), under load")
struct StoppedDaemonTests {
    private static let rounds = 3
    private static let window = 200

    @Test("what was asked meanwhile is answered in order, a deadline ends a call, and afterwards all is as before")
    func stopped() async throws {
        // What is asked within a deadline waits for no other test.
        try await withTaskExecutorPreference(OwnThreads()) { try await stopAndContinue() }
    }

    private func stopAndContinue() async throws {
        let daemon = try TestDaemon(TestDaemon.settings(server: "request_timeout = \"1s\""))
        let load = RotationLoad(daemon, profile: "default", connections: 2) { _ in }
        let patient = try SignetClient(socketPath: daemon.socket, timeout: .seconds(120))
        let token = try await patient.sign(["sub": "ada"])
        for _ in 0..<Self.rounds {
            let pipeline = try daemon.connect()
            let dripping = try daemon.connect()
            try dripping.send(#"{"op":"#)
            // The daemon has this half of a line, since it answers what came later.
            #expect(try pipeline.ask(#"{"op":"ping"}"#).isOK)
            try daemon.standStill()
            for id in 0..<Self.window { try pipeline.send("{\"id\":\(id),\"op\":\"sign\"}\n") }
            // Its deadline passes while nobody answers; so does that of the half line.
            let hasty = try SignetClient(socketPath: daemon.socket, timeout: .milliseconds(1_500))
            await #expect(throws: SignetError.self) { try await hasty.sign() }
            async let waiting = patient.sign(["sub": "eve"])
            daemon.signal(SIGCONT)
            for id in 0..<Self.window {
                let answer = Answer(try #require(try pipeline.readLine()))
                #expect(answer["id"] as? Int == id && answer.isOK, "\(answer)")
            }
            let late = try await waiting
            _ = try await patient.verify(late)
            _ = try await patient.verify(token)
            // The client whose call ended is good for the next, when the daemon is as quick as it asks. What it asks while
            // that call is on its way goes by a thread of the pool.
            try awaitResult("its first call is answered") {
                hasty.connection.withLock { $0 }?.state.withLock { $0.calls.isEmpty } ?? true ? true : nil
            }
            var isServed = false
            for _ in 0..<40 where !isServed { isServed = (try? await hasty.verify(hasty.sign())) != nil }
            #expect(isServed)
            // The half line was in time or not; the daemon says which, and takes no harm.
            try? dripping.send(#""ping"}"# + "\n")
            if let line = try dripping.readLine() {
                let answer = Answer(line)
                #expect(answer.isOK || answer.errorCode == "timeout", "\(answer)")
            }
        }
        let counts = load.stop()
        #expect(counts.faults == [])
        #expect(counts.signed > 0 && counts.verified > 0)
        let status = try daemon.connect().ask(#"{"op":"status"}"#)
        #expect(status.isOK)
        #expect(try daemon.status().faults == [])
        #expect(daemon.stop() == 0)
    }
}
