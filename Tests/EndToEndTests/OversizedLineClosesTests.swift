import Foundation
import Testing

@Suite("An oversized line closes its connection")
struct OversizedLineClosesTests {
    @Test("WIRE-2 a line of exactly the limit is served; one byte more is too_large, and the connection closes")
    func lineLimit() throws {
        let daemon = try TestDaemon()
        let line = { (length: Int) in
            let head = "{\"op\":\"ping\",\"id\":\"x\""
            return head + String(repeating: " ", count: length - head.utf8.count - 2) + "}\n"
        }
        let client = try daemon.connect()
        try client.send(line(65_536))
        #expect(Answer(try #require(try client.readLine())).isOK)
        try client.send("{\"id\":2,\"op\":\"ping\"}\n" + line(65_537))
        #expect(Answer(try #require(try client.readLine()))["id"] as? Int == 2)
        #expect(Answer(try #require(try client.readLine())).errorCode == "too_large")
        #expect(try client.readLine() == nil)
    }

    @Test("WIRE-2 a sender of megabytes without an LF still reads its answer")
    func megabytes() throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        let thread = Thread { try? client.send(Array("{".utf8) + [UInt8](repeating: 0x20, count: 1 << 20)) }
        thread.start()
        #expect(Answer(try #require(try client.readLine())).errorCode == "too_large")
        #expect(try client.readLine() == nil)
    }

    @Test(
        "Oversized lines and garbage of one user end his connections, and nothing else; no memory is kept for them",
        .enabled(if: OtherUser.isPossible, OtherUser.need))
    func otherUser() throws {
        let daemon = try TestDaemon(TestDaemon.settings(users: ["*"]))
        let honest = try HonestUser(daemon)
        let script = """
            import threading
            bystander = connect()
            def ask(c):
                c.sendall(b'{"op":"sign"}\\n')
                return code(c.makefile().readline())
            say(ask(bystander))
            # A byte too many; the answers to what came before it first.
            c = connect()
            c.sendall(b'{"op":"sign"}\\n' * 3 + b'{' + b' ' * (1 << 16))
            say(" ".join(code(line) for line in c.makefile()))
            # Who sends on and on and reads only then, still reads why. The connection may end before all is sent.
            def garbage(told):
                c = connect()
                try:
                    c.sendall(b'{')
                    for _ in range(16): c.sendall(b'x' * (1 << 20))
                except (BrokenPipeError, ConnectionResetError): pass
                answers = b""
                try:
                    while more := c.recv(65536): answers += more
                except ConnectionResetError: pass
                told.append(" ".join(code(line) for line in answers.decode().splitlines()))
            while told():
                outcomes = []
                senders = [threading.Thread(target=garbage, args=(outcomes,)) for _ in range(8)]
                for sender in senders: sender.start()
                for sender in senders: sender.join()
                say(" ".join(outcomes))
                say(ask(bystander))
            """
        let sender = try OtherProcess(script, daemon, as: OtherUser.stranger)
        #expect(try sender.hear() == "ok")
        #expect(try sender.hear() == "ok ok ok too_large")
        let tooLarge = Array(repeating: "too_large", count: 8).joined(separator: " ")
        sender.tell("128 MiB of garbage")
        try honest.expectService()
        #expect(try sender.hear() == tooLarge)
        #expect(try sender.hear() == "ok")
        try honest.expectService()
        let peak = try daemon.memory("VmHWM")
        #expect(peak < 64 << 20, "the daemon grew to \(peak >> 10) kB")
    }
}
