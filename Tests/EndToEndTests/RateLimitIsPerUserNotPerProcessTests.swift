import Foundation
import Testing

@Suite("A rate limit is per user, not per process", .enabled(if: OtherUser.isPossible, OtherUser.need))
struct RateLimitIsPerUserNotPerProcessTests {
    /// How often each outcome is among the answers: "ok" or an error's code.
    private func outcomes(_ answers: [Answer]) -> [String: Int] {
        answers.reduce(into: [:]) { $0[$1.isOK ? "ok" : $1.errorCode ?? $1.line, default: 0] += 1 }
    }

    /// Eight processes of one user, each with four connections, which go round the event loops, and eight requests on each.
    private func crowd(_ daemon: TestDaemon) throws -> [String: Int] {
        let script = """
            import os, socket, sys
            children = []
            for _ in range(8):
                pid = os.fork()
                if pid:
                    children.append(pid)
                    continue
                answers = b""
                for _ in range(4):
                    s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
                    s.sendall(b'{"op":"sign"}\\n' * 8)
                    s.shutdown(socket.SHUT_WR)
                    while more := s.recv(65536): answers += more
                # At once, and less than a pipe takes whole: lines of different processes do not mix.
                os.write(1, answers)
                os._exit(0)
            for pid in children: os.waitpid(pid, 0)
            """
        let program = try OtherUser.run(Program.python.path, ["-c", script, daemon.socket], as: OtherUser.stranger)
        #expect(program.errors.isEmpty)
        return outcomes(program.output.split(separator: "\n").map { Answer(String($0)) })
    }

    @Test("Many connections of many processes have one bucket, and another user has his own meanwhile")
    func connections() throws {
        let daemon = try TestDaemon(TestDaemon.settings(users: ["*"], allow: "rate = 1"))
        let began = ContinuousClock.now
        let first = try crowd(daemon)
        let other = try OtherUser.ask(daemon, as: OtherUser.neighbour, [#"{"op":"sign"}"#])
        let second = try crowd(daemon)
        // What came back in all that time, however long a busy machine took: mostly nothing. Were a bucket each loop's, each
        // connection's or each process's own, more would have passed.
        let refilled = Int((ContinuousClock.now - began).components.seconds)
        #expect(other.first?.isOK == true)
        let passed = first["ok", default: 0] + second["ok", default: 0]
        #expect(first["ok", default: 0] >= 1)
        #expect(passed <= 1 + refilled, "\(passed) passed, \(refilled) came back")
        let refused = first["rate_limited", default: 0] + second["rate_limited", default: 0]
        #expect(passed + refused == 2 * 256, "\(first) \(second)")
        // Each event loop tells of one a second at most.
        #expect(daemon.stop() == 0)
        let told = daemon.log.rest().components(separatedBy: " code=rate_limited").count - 1
        #expect(told >= 1 && told <= (refilled + 1) * ProcessInfo.processInfo.activeProcessorCount)
    }

    @Test("Who waits for retry_after_ms is served again, and status counts the refusals")
    func waiting() throws {
        let daemon = try TestDaemon(TestDaemon.settings(users: ["*"], allow: "rate = 2"))
        let script = """
            import json, socket, sys, time
            s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); f = s.makefile()
            def ask():
                s.sendall(b'{"op":"sign"}\\n'); return json.loads(f.readline())
            for _ in range(1000):
                answer = ask()
                if not answer["ok"]: break
            error = answer["error"]
            assert error["code"] == "rate_limited", answer
            assert 1 <= error["retry_after_ms"] <= 500, answer
            waits = 0
            while not answer["ok"]:
                waits += 1
                assert waits < 100, answer
                time.sleep(answer["error"]["retry_after_ms"] / 1000)
                answer = ask()
            print("served after", waits)
            """
        let program = try OtherUser.run(Program.python.path, ["-c", script, daemon.socket], as: OtherUser.stranger)
        #expect(program.output.hasPrefix("served after 1\n"), "\(program.output)\(program.errors)")
        let status = try daemon.connect().ask(#"{"op":"status"}"#)
        let counters = status["counters"] as? [String: Any]
        #expect((counters?["refused"] as? [String: Int])?["rate_limited"] ?? 0 >= 1, "\(status)")
    }

    @Test("An empty bucket stays empty over a reload")
    func reload() throws {
        let daemon = try TestDaemon(TestDaemon.settings(users: ["*"], allow: "rate = 1"))
        let sign = Array(repeating: #"{"op":"sign"}"#, count: 50)
        let began = ContinuousClock.now
        let before = outcomes(try OtherUser.ask(daemon, as: OtherUser.stranger, sign))
        #expect(try daemon.connect().ask(#"{"op":"reload"}"#).isOK)
        let after = outcomes(try OtherUser.ask(daemon, as: OtherUser.stranger, sign))
        let refilled = Int((ContinuousClock.now - began).components.seconds)
        #expect(before["ok", default: 0] >= 1)
        #expect(before["ok", default: 0] + after["ok", default: 0] <= 1 + refilled, "\(before) \(after)")
        #expect(after["rate_limited", default: 0] >= 49 - refilled)
    }
}
