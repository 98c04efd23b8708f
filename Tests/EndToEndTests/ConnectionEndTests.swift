import Foundation
import POSIX
import Testing

@Suite("How connections end")
struct ConnectionEndTests {
    /// Fixed claims of 4,000 bytes: an answer of some 5.5 kB for a line of 14 bytes, so that few lines fill a socket.
    private static func settings(_ server: String) -> String {
        let padding = String(repeating: "x", count: 4_000)
        return TestDaemon.settings(server: server, profile: "claims = { padding = \"\(padding)\" }")
    }
    private static let sign = "{\"op\":\"sign\"}\n"
    private static let ping = "{\"op\":\"ping\"}"
    /// More than a socket's buffer holds, and less than the daemon stops reading at.
    private static let overfull = 64
    /// More than the daemon stops reading at.
    private static let blocking = 120

    @Test("WIRE-1 the answers before an error that ends the connection reach a half-closed peer that reads late")
    func errorAfterAnswers() throws {
        let daemon = try TestDaemon(Self.settings(""))
        let client = try daemon.connect()
        let longLine = "{" + String(repeating: "x", count: 65_536)
        try client.send(String(repeating: Self.sign, count: Self.overfull) + longLine)
        client.endSending()
        #expect(daemon.log.wait(for: "too_large"))
        let answers = try client.readToEnd()
        #expect(answers.count == Self.overfull + 1)
        #expect(answers.dropLast().allSatisfy { $0.isOK })
        #expect(answers.last?.errorCode == "too_large")
    }

    @Test(
        "A peer that never reads its last answers is cut, half-closed or after an error",
        arguments: ["c.shutdown(socket.SHUT_WR)", "c.sendall(b'{' + b'x' * 65536)"])
    func neverReads(end: String) throws {
        let daemon = try TestDaemon(Self.settings("write_timeout = \"1s\""))
        let script = """
            import select, socket, sys
            c = socket.socket(socket.AF_UNIX)
            c.connect(sys.argv[1])
            c.sendall(b'{"op":"sign"}\\n' * \(Self.overfull))
            try: \(end)
            except BrokenPipeError: pass  # is cut already
            hangup = select.poll()
            hangup.register(c, 0)
            print("cut" if hangup.poll(60_000) else "kept")
            """
        let program = try Program.run(Program.python, ["-c", script, daemon.socket])
        #expect(program.output == "cut\n", "\(program.errors)")
    }

    @Test("A peer that is slow to read its answers is not silent: idle_timeout does not cut it")
    func slowReaderIsNotIdle() throws {
        let daemon = try TestDaemon(Self.settings("idle_timeout = \"3s\"\nwrite_timeout = \"1h\""))
        let slow = try daemon.connect()
        try slow.send(String(repeating: Self.sign, count: Self.overfull))
        // When two silent connections have been cut one after the other, the slow one would have been too.
        for _ in 0..<2 { #expect(try daemon.connect().readLine() == nil) }
        slow.endSending()
        #expect(try slow.readToEnd().count == Self.overfull)
    }

    @Test("SIGTERM: a peer that reads its answers late gets them all, and then the daemon ends")
    func lateReaderAtStop() throws {
        let daemon = try TestDaemon(Self.settings("stop_timeout = \"90s\""))
        let late = try daemon.connect()
        try late.send(String(repeating: Self.sign, count: Self.blocking))
        try stopAndAwaitNotice(daemon)
        let answers = try late.readToEnd()
        #expect(answers.count == Self.blocking)
        daemon.process.waitUntilExit()
        #expect(daemon.process.terminationStatus == 0)
    }

    @Test("SIGTERM: who connects while the daemon still sends is refused at once, and does not hang")
    func connectWhileStopping() throws {
        let daemon = try TestDaemon(Self.settings("stop_timeout = \"90s\""))
        let late = try daemon.connect()
        try late.send(String(repeating: Self.sign, count: Self.blocking))
        try stopAndAwaitNotice(daemon)
        #expect(throws: Errno.connectionRefused) { _ = try daemon.connect() }
        _ = try late.readToEnd()
    }

    /// Sends SIGTERM, and returns when the daemon has closed what was silent.
    private func stopAndAwaitNotice(_ daemon: TestDaemon) throws {
        // Several to each loop, so that every loop has been told.
        let silent = try (0..<4 * ProcessLimits.processors).map { _ in try daemon.connect() }
        for client in silent { #expect(try client.ask(Self.ping).isOK) }
        daemon.signal(SIGTERM)
        for client in silent { #expect(try client.readLine() == nil) }
    }

    @Test(
        "SIGTERM amid a storm of connects ends the daemon: none that was just accepted is waited for",
        arguments: 1...3)
    func stormAtStop(_: Int) throws {
        let daemon = try TestDaemon(TestDaemon.settings(server: "stop_timeout = \"90s\""))
        let script = """
            import os, signal, socket, sys, threading, time
            deadline = time.monotonic() + 60
            def connect():
                with socket.socket(socket.AF_UNIX) as c:
                    c.settimeout(1)
                    try: c.connect(sys.argv[1])
                    except BlockingIOError: pass  # as many wait already as may
            def storm():
                try:
                    while time.monotonic() < deadline: connect()
                except OSError: pass
            threads = [threading.Thread(target=storm) for _ in range(3)]
            for thread in threads: thread.start()
            for _ in range(300): connect()
            os.kill(int(sys.argv[2]), signal.SIGTERM)
            for thread in threads: thread.join()
            """
        let pid = String(daemon.process.processIdentifier)
        let storm = try Program.run(Program.python, ["-c", script, daemon.socket, pid])
        #expect(storm.status == 0, "\(storm.errors)")
        try daemon.process.awaitEnd()
        daemon.process.waitUntilExit()
        #expect(daemon.process.terminationStatus == 0)
    }

    @Test("Refused connections that are kept open do not use up the daemon's descriptors")
    func refusedConnectionsAreBounded() throws {
        let daemon = try TestDaemon(TestDaemon.settings(server: "max_connections = 2"))
        // Room for the daemon, for those that linger, and for what a loop that has to wait for a core has not refused yet.
        let descriptors = 128 + 24 * ProcessLimits.processors
        let limited = try Program.run(
            "prlimit", ["--pid", "\(daemon.process.processIdentifier)", "--nofile=\(descriptors):\(descriptors)"])
        try #require(limited.status == 0, "\(limited.errors)")
        let served = try (0..<2).map { _ in try daemon.connect() }
        for client in served { #expect(try client.ask(Self.ping).isOK) }
        let refused = try (0..<4 * descriptors).map { _ in try daemon.connect() }
        for client in refused {
            let answer = Answer(try client.readLine() ?? "")
            #expect(answer.errorCode == "overloaded")
        }
        // With optimization they would go after their last use, and their places to others.
        withExtendedLifetime(served) {}
        #expect(daemon.stop() == 0)
        #expect(!daemon.log.rest().contains("not accepting"))
    }
}
