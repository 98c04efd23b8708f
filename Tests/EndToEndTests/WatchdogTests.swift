import Foundation
import POSIX
import Testing

@Suite("The service manager's watchdog")
struct WatchdogTests {
    private let daemon: TestDaemon
    private let manager: NotifySocket

    init() throws {
        daemon = try TestDaemon(prepared: TestDaemon.settings())
        manager = try NotifySocket(daemon.directory.appending(path: "notify").path)
    }

    /// Starts a daemon that is to say every so many microseconds that it is well, and awaits that it is ready.
    private func start(_ interval: String, pid: String? = nil) throws {
        var environment = ["NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": interval]
        environment["WATCHDOG_PID"] = pid
        try daemon.launch(environment: environment)
        _ = try manager.status()
    }

    @Test("It is told again and again that the daemon is well")
    func well() throws {
        try start("60000")
        for _ in 0..<5 { #expect(try manager.next() == ["WATCHDOG=1"]) }
        daemon.signal(SIGTERM)
        // Whose messages are taken until its end: where there is no room for one more, it waits.
        try awaitResult("the daemon has ended") {
            while try manager.waiting() != nil {}
            return daemon.process.isRunning ? nil : true
        }
        #expect(daemon.process.terminationStatus == 0)
    }

    @Test("A flood of slow signatures is no reason to be silent, since the test goes ahead of what waits")
    func flood() throws {
        try daemon.makeRSAKey(ofBits: 4096, in: "rsa")
        try daemon.configure(
            TestDaemon.settings() + """

                [keyring.rsa]
                algorithm = "RS512"

                [profile.rsa]
                keyring = "rsa"
                issuer = "https://rsa.example.com"
                audiences = ["https://api.example.com"]

                [[profile.rsa.allow]]
                operations = ["sign"]
                users = ["\(NSUserName())"]
                """)
        try start("300000")
        let flood = try daemon.connect()
        let lines = 2_000
        let sender = Foundation.Thread {
            try? flood.send(String(repeating: #"{"op":"sign","profile":"rsa"}"# + "\n", count: lines))
        }
        sender.start()
        for _ in 0..<5 { #expect(try manager.next() == ["WATCHDOG=1"]) }
        // Which still goes on: what was told was told in its midst.
        #expect(try flood.readLine() != nil)
        daemon.signal(SIGKILL)
    }

    @Test("A daemon that stands still says nothing")
    func stopped() throws {
        try start("60000")
        _ = try manager.next()
        try daemon.standStill()
        while try manager.waiting() != nil {}
        // Three intervals: the message of a running daemon would have come.
        #expect(try manager.isSilent(forMilliseconds: 180))
        daemon.signal(SIGCONT)
        #expect(try manager.next() == ["WATCHDOG=1"])
        // Nobody takes its messages any more, for which it would wait.
        daemon.signal(SIGKILL)
    }

    @Test("A watchdog for another process, or none, is told nothing", arguments: ["1", nil])
    func notAsked(pid: String?) throws {
        try start(pid == nil ? "" : "60000", pid: pid)
        #expect(try daemon.reload().isOK)
        #expect(daemon.stop() == 0)
        var message = try manager.waiting()
        while let assignments = message {
            #expect(!assignments.contains("WATCHDOG=1"))
            message = try manager.waiting()
        }
    }
}
