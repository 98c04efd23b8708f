import Foundation
import Testing

@Suite("Idle connections do not stall others", .enabled(if: OtherUser.isPossible, OtherUser.need))
struct IdleConnectionsDoNotStallTests {
    /// What `max_connections_per_user` is unless it is set.
    private static let limit = 512

    @Test("One user holds all the connections that he may; the next is overloaded, and others are served as ever")
    func idle() throws {
        let daemon = try TestDaemon(TestDaemon.settings(users: ["*"]))
        let honest = try HonestUser(daemon)
        let script = """
            # None of them says a word. The event loops do not accept in order, so any may be the one that is too many.
            held = [connect() for _ in range(\(Self.limit) + 1)]
            poll = select.poll()
            by = {c.fileno(): c for c in held}
            for c in held: poll.register(c, select.POLLIN)
            refused = by[poll.poll(patience * 1000)[0][0]]
            say(code(refused.makefile().read()))
            held.remove(refused); poll.unregister(refused); refused.close()
            told()
            # Whoever has been idle can still ask.
            say(len(poll.poll(0)))
            def ask(c):
                c.sendall(b'{"op":"sign"}\\n')
                return code(c.makefile().readline())
            say(sum(ask(c) == "ok" for c in held))
            # A place that is given back is taken again, when the daemon has seen that it is free.
            def more():
                c = connect()
                try: c.sendall(b'{"op":"ping"}\\n')
                except BrokenPipeError: pass  # was refused, and can read why
                held.append(c)
                return code(c.makefile().readline())
            say(more())
            held.pop().close()
            held.pop().close()
            end = time.monotonic() + patience
            while more() != "ok" and time.monotonic() < end: held.pop().close()
            say(ask(held[-1]))
            """
        let idler = try OtherProcess(script, daemon, as: OtherUser.stranger)
        #expect(try idler.hear() == "overloaded")
        try honest.expectService()
        // An admin too, and a user who has not been here before.
        #expect(try daemon.connect().ask(#"{"op":"status"}"#).isOK)
        #expect(try OtherUser.ask(daemon, as: "4713", [#"{"op":"sign"}"#]).first?.isOK == true)
        #expect(try idler.ask("go on") == "0", "more connections were refused than one")
        #expect(try idler.hear() == "\(Self.limit)")
        #expect(try idler.hear() == "overloaded")
        #expect(try idler.hear() == "ok")
    }
}
