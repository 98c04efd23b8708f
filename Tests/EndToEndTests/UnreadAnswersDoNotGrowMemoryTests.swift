import Foundation
import Testing

@Suite("Unread answers do not grow the daemon's memory")
struct UnreadAnswersDoNotGrowMemoryTests {
    @Test("A peer that never reads its answers is not read from, and does not grow the daemon")
    func unreadAnswers() throws {
        let daemon = try TestDaemon(TestDaemon.settings(server: "write_timeout = \"1s\""))
        let client = try daemon.connect()
        let hasEnded = DispatchSemaphore(value: 0)
        let thread = Thread {
            // More than every buffer on the way holds: it ends because the daemon cuts the connection.
            let lines = Array(String(repeating: "{\"op\":\"explain\"}\n", count: 4096).utf8)
            do { while true { try client.send(lines) } } catch { hasEnded.signal() }
        }
        thread.start()
        hasEnded.wait()
        let peak = try daemon.memory("VmHWM")
        #expect(peak < 64 << 20, "the daemon grew to \(peak >> 10) kB")
        #expect(try daemon.connect().ask("{\"op\":\"ping\"}").isOK)
    }

    /// Connections of the user who does not read.
    private static let crowd = 32
    /// Most that the daemon may keep of one, in bytes: unread answers up to the mark where it stops, those of the turn that
    /// passes the mark, a turn's input, and room for how memory is allotted. Without a bound it would be a hundred times
    /// as much.
    private static let share = 768 << 10

    /// Fixed claims of 4,000 bytes: an answer of some 5.5 kB for a line of 14 bytes.
    private static func settings(writeTimeout: String) -> String {
        let padding = String(repeating: "x", count: 4_000)
        return TestDaemon.settings(
            users: ["*"], server: "write_timeout = \"\(writeTimeout)\"",
            profile: "claims = { padding = \"\(padding)\" }")
    }

    /// Begins connections and fills them with requests until the daemon takes no more of any, and says "blocked", at once and
    /// when it is told to look again; or "cut" when the daemon has ended them all.
    private static let script = """
        sign = b'{"op":"sign"}\\n' * 1024
        # On every event loop: when each has had so many turns, the daemon has read what it will.
        others = [connect() for _ in range(4 * \(ProcessInfo.processInfo.activeProcessorCount))]
        def turns():
            for _ in range(50):
                for c in others: c.sendall(b'{"op":"ping"}\\n')
                for c in others: c.recv(4096)
        def fill():
            filled = 0
            for c in crowd:
                try:
                    while True: filled += c.send(sign)
                except BlockingIOError: pass
                except OSError: pass
            return filled
        while order := told():
            if order == "begin":
                crowd = [connect() for _ in range(\(crowd))]
                for c in crowd: c.setblocking(False)
            if order in ("begin", "look"):
                filled, more = 0, 1
                # A socket's buffer holds 208 KiB; far beyond that, the daemon reads on.
                while more and filled < len(crowd) * 384 << 10:
                    filled += fill()
                    turns()
                    more = fill()
                    filled += more
                say("read on" if more else "blocked")
            if order == "cut":
                hangup = select.poll()
                for c in crowd: hangup.register(c, 0)
                cut = 0
                while cut < len(crowd):
                    events = hangup.poll(patience * 1000)
                    assert events, f"only {cut} were cut"
                    for descriptor, _ in events: hangup.unregister(descriptor); cut += 1
                say("cut")
        """

    @Test(
        "Who sends and never reads is not read from: the daemon keeps a bounded part of the answers, and serves others",
        .enabled(if: OtherUser.isPossible, OtherUser.need))
    func bounded() throws {
        let daemon = try TestDaemon(Self.settings(writeTimeout: "1h"))
        let honest = try HonestUser(daemon)
        let before = try daemon.privateMemory()
        let sender = try OtherProcess(Self.script, daemon, as: OtherUser.stranger)
        #expect(try sender.ask("begin") == "blocked")
        try honest.expectService()
        #expect(try sender.ask("look") == "blocked")
        let growth = try daemon.privateMemory() - before
        #expect(growth < Self.crowd * Self.share, "the daemon grew by \(growth >> 10) kB")
    }

    @Test(
        "Who never reads is cut after write_timeout, and the daemon has its memory back",
        .enabled(if: OtherUser.isPossible, OtherUser.need))
    func givenBack() throws {
        let daemon = try TestDaemon(Self.settings(writeTimeout: "1s"))
        let honest = try HonestUser(daemon)
        let before = try daemon.privateMemory()
        let sender = try OtherProcess(Self.script, daemon, as: OtherUser.stranger)
        // Again and again: what the allocator keeps of one round serves the next; what were lost would add up.
        for _ in 1...4 {
            #expect(try sender.ask("begin") == "blocked")
            #expect(try sender.ask("cut") == "cut")
            try honest.expectService()
        }
        let kept = try daemon.privateMemory() - before
        #expect(kept < Self.crowd * Self.share, "the daemon kept \(kept >> 10) kB")
    }
}
