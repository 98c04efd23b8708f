import Foundation
import Testing

@Suite("A dripping client is cut")
struct DrippingClientIsCutTests {
    @Test("A line that is begun and not ended in time is answered with timeout and cut")
    func unfinishedLine() throws {
        let daemon = try TestDaemon(TestDaemon.settings(server: "request_timeout = \"1s\""))
        let client = try daemon.connect()
        try client.send("{\"op\":\"ping\"}\n{\"op\":")
        let answers = try client.readToEnd()
        #expect(answers.map(\.errorCode) == [nil, "timeout"])
    }

    @Test(
        "The time of a line counts from its first byte, however many follow; others are served meanwhile",
        .enabled(if: OtherUser.isPossible, OtherUser.need))
    func dripping() throws {
        let daemon = try TestDaemon(TestDaemon.settings(users: ["*"], server: "request_timeout = \"1s\""))
        let honest = try HonestUser(daemon)
        let script = """
            crowd, pace = 50, 0.02
            # Silent all the time: no line of theirs has begun.
            silent = [connect() for _ in range(4)]
            began, ended = {}, []
            def drip(c):
                try: c.send(b"x")
                except OSError: pass
            def begin():
                c = connect()
                began[c] = time.monotonic()
                c.sendall(b'{"op":"')
            for _ in range(crowd): begin()
            say("dripping")
            end = time.monotonic() + patience
            wasTold = False
            while not wasTold or len(ended) < crowd:
                assert time.monotonic() < end, f"only {len(ended)} were cut"
                # The pace of the drops; a cut, or the test's word, comes at any time.
                readable = select.select([*began, sys.stdin], [], [], pace)[0]
                if sys.stdin in readable: wasTold = True; told()
                for c in set(readable) & set(began):
                    lasted = time.monotonic() - began.pop(c)
                    answers = c.makefile()
                    ended.append((code(answers.readline()), lasted >= 1))
                    # Bytes that were dripped just before the end make a reset of it.
                    try: assert answers.read() == ""
                    except ConnectionResetError: pass
                    c.close()
                    begin()
                    if len(ended) == crowd: say("cut")
                for c in began: drip(c)
            say(json.dumps(sorted(set(ended))))
            def ask(c):
                c.sendall(b'{"op":"ping"}\\n')
                return isOK(c.makefile().readline())
            say(sum(ask(c) for c in silent))
            """
        let dripper = try OtherProcess(script, daemon, as: OtherUser.stranger)
        #expect(try dripper.hear() == "dripping")
        try honest.expectService()
        #expect(try dripper.hear() == "cut")
        // For each that is cut another one has begun.
        try honest.expectService()
        // Each got one line, `timeout`, and not before its time was over.
        #expect(try dripper.ask("end") == #"[["timeout", true]]"#)
        #expect(try dripper.hear() == "4")
    }
}
