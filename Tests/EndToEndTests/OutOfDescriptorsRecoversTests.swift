import Foundation
import Testing

@Suite("Out of descriptors, the daemon recovers", .enabled(if: OtherUser.isPossible, OtherUser.need))
struct OutOfDescriptorsRecoversTests {
    @Test("Without descriptors the daemon serves whom it has, waits idly, says so once, and accepts again by itself")
    func exhaustion() throws {
        let daemon = try TestDaemon(prepared: TestDaemon.settings(users: ["*"]))
        try daemon.start(wrapper: ["prlimit", "--nofile=64:64"])
        let honest = try HonestUser(daemon)
        let script = """
            held = [connect() for _ in range(128)]
            say("connected")
            while told() == "work":
                # The measure: a second's work of one core, however long that takes on a busy host.
                while time.process_time() < 1: pass
                say(time.process_time())
            """
        let holder = try OtherProcess(script, daemon, as: OtherUser.stranger)
        #expect(try holder.hear() == "connected")
        #expect(daemon.log.wait(for: "not accepting connections"))
        #expect(try honest.served(100, .asBefore) == 100)

        // A daemon that tries again and again would take as much of a core as the other process.
        let before = try daemon.processorTime()
        let work = try #require(Double(holder.ask("work")))
        let spent = try daemon.processorTime() - before
        #expect(spent < work / 4, "the daemon worked \(spent) s in the time of another's \(work) s")
        #expect(try honest.served(100, .asBefore) == 100)

        // It waits in the backlog until there is a descriptor.
        let waiting = try daemon.connect()
        try waiting.send("{\"op\":\"ping\"}\n")
        holder.tell("end")
        let answer = Answer(try waiting.readLine() ?? "")
        #expect(answer.isOK)
        #expect(try honest.served(20, .anew) == 20)
        #expect(daemon.log.wait(for: "accepting connections again"))
        #expect(daemon.stop() == 0)
        let times = daemon.log.rest().components(separatedBy: "not accepting connections").count - 1
        #expect(times == 1, "\(daemon.log.text)")
    }
}
