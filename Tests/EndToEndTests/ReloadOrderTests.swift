import Foundation
import Testing

@Suite("Reloads among other requests and signals") struct ReloadOrderTests {
    private static let reload = #"{"op":"reload"}"#

    /// A reload with three pings, each with an id of its own.
    private func lines(_ count: Int) -> String {
        (0..<count).map { number in
            #"{"id":"\#(number)","op":"reload"}"# + "\n"
                + (0..<3).map { #"{"id":"\#(number).\#($0)","op":"ping"}"# + "\n" }.joined()
        }.joined()
    }

    private func expectedIDs(_ count: Int) -> [String] {
        (0..<count).flatMap { number in ["\(number)"] + (0..<3).map { "\(number).\($0)" } }
    }

    @Test(
        "WIRE-1 many reloads on many connections, with pings between them, are each answered in order",
        arguments: [false, true])
    func pipelined(_ isHalfClosed: Bool) throws {
        let daemon = try TestDaemon()
        let (count, clients) = (40, try (0..<4).map { _ in try daemon.connect() })
        for client in clients {
            try client.send(lines(count))
            if isHalfClosed { client.endSending() }
        }
        var generations: Set<Int> = []
        for client in clients {
            var answers: [Answer] = []
            if isHalfClosed {
                answers = try client.readToEnd()
            } else {
                for _ in 0..<4 * count { answers.append(Answer(try client.readLine() ?? "")) }
            }
            #expect(answers.map { $0.text("id") } == expectedIDs(count))
            #expect(answers.allSatisfy { $0.isOK })
            let own = answers.compactMap { $0["generation"] as? Int }
            #expect(own.count == count)
            #expect(own == own.sorted())
            generations.formUnion(own)
        }
        // Each was carried out by itself.
        #expect(generations == Set(2...count * clients.count + 1))
    }

    @Test("WIRE-1 requests of other connections are answered while reloads are carried out")
    func others() throws {
        let daemon = try TestDaemon()
        let (reloading, signing) = (try daemon.connect(), try daemon.connect())
        let count = 100
        try reloading.send(String(repeating: Self.reload + "\n", count: count))
        reloading.endSending()
        for _ in 0..<500 {
            let token = try signing.ask(#"{"op":"sign"}"#).text("token")
            #expect(try signing.ask(#"{"op":"verify","token":"\#(token)"}"#).isValid == true)
        }
        #expect(try reloading.readToEnd().map { $0["generation"] as? Int } == (2...count + 1).map { $0 })
    }

    @Test("Reloads that wait when SIGTERM comes are carried out or told shutting_down; none is left without an answer")
    func stopping() throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        // They arrive together, so that all were there before the signal.
        let count = 400
        try client.send(String(repeating: Self.reload + "\n", count: count))
        #expect(Answer(try client.readLine() ?? "").isOK)
        daemon.signal(SIGTERM)
        let rest = try client.readToEnd()
        daemon.process.waitUntilExit()
        #expect(daemon.process.terminationStatus == 0)
        #expect(rest.count == count - 1)
        let firstRefused = rest.firstIndex { !$0.isOK } ?? rest.endIndex
        #expect(rest[firstRefused...].allSatisfy { $0.errorCode == "shutting_down" })
    }

    @Test("Many SIGHUPs at once are one reload or some, and the daemon serves on")
    func signals() throws {
        let daemon = try TestDaemon()
        for _ in 0..<10 { daemon.signal(SIGHUP) }
        // What was signalled before is done before.
        let generation = try #require(try daemon.reloadAnew()["generation"] as? Int)
        #expect(3...12 ~= generation)
        #expect(try daemon.status().generation == generation)
        #expect(try daemon.sign().isOK)
        #expect(daemon.stop() == 0)
    }

    @Test("A SIGHUP that comes before the daemon's first statement is a reload once it listens")
    func earlySignal() throws {
        let daemon = try TestDaemon(prepared: TestDaemon.settings())
        try daemon.start(
            wrapper: ["--block-signal=HUP", "sh", "-c", "kill -HUP $$ && exec \"$@\"", "sh"])
        #expect(daemon.log.wait(for: "reloaded: generation 2"))
        let status = try daemon.awaitStatus("the reload is told") { $0.lastReload != nil }
        #expect(status.generation == 2)
        #expect(status.lastReload?.ok == true)
        #expect(daemon.stop() == 0)
    }

    @Test("SIGHUPs at every moment of the start do not kill the daemon")
    func signalsDuringStart() throws {
        let daemon = try TestDaemon(prepared: TestDaemon.settings())
        try daemon.launch(wrapper: ["--block-signal=HUP"])
        let process = daemon.process.processIdentifier
        // Until one came after the start, however long that takes.
        let sender = Thread { while !Thread.current.isCancelled, kill(process, SIGHUP) == 0 { usleep(200) } }
        sender.start()
        #expect(daemon.log.wait(for: "reloaded: generation 3"))
        sender.cancel()
        try awaitResult("all signals are sent") { sender.isFinished ? true : nil }
        #expect(try daemon.sign().isOK)
        #expect(daemon.stop() == 0)
    }

    @Test("WIRE-2 while reloads are carried out, nothing more of their connection is read")
    func notRead() throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        // What a reload needs for the first time is none of what this is about.
        #expect(try client.ask(Self.reload)["generation"] as? Int == 2)
        let before = try daemon.memory("VmHWM")
        // The reloads arrive together; what follows them are 12 MB.
        let (reloads, pings) = (400, 200)
        let spaces = String(repeating: " ", count: 60_000)
        let sender = Thread {
            try? client.send(String(repeating: Self.reload + "\n", count: reloads))
            try? client.send(String(repeating: "{\"op\":\"ping\"}\(spaces)\n", count: pings))
        }
        sender.start()
        for number in 0..<reloads {
            #expect(Answer(try client.readLine() ?? "")["generation"] as? Int == number + 3)
        }
        for _ in 0..<pings { #expect(Answer(try client.readLine() ?? "").isOK) }
        #expect(try daemon.memory("VmHWM") - before < 4 << 20)
    }
}
