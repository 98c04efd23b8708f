import Foundation
import Testing

@Suite("Keys stand only in locked memory that dumps leave out")
struct SecretMemoryTests {
    @Test(
        "MEM-1 no piece of the key, or of what equals it, stands outside of locked pages, before and after use",
        .enabled(if: geteuid() == 0, "reading another process's memory needs root"))
    func noKeyOutside() throws {
        let daemon = try TestDaemon()
        let keys = ["key": ["kty": "oct", "alg": "HS512", "k": daemon.key.base64URL]]
        let atRest = try MemoryScan(of: daemon.process, keys: keys)
        #expect(atRest.outside.isEmpty, "\(atRest.outside)")
        // That the scanner finds the key where it may stand shows that it would find it elsewhere.
        #expect(atRest.inside["key"]?["key"] ?? 0 > 0)
        #expect(atRest.inside["key"]?["inner state, words swapped"] ?? 0 > 0)

        let clients = try (0..<8).map { _ in try daemon.connect() }
        for _ in 0..<200 {
            for client in clients {
                let token = try client.ask(#"{"op":"sign","claims":{"sub":"a"}}"#).text("token")
                #expect(try client.ask(#"{"op":"verify","token":"\#(token)"}"#).isValid == true)
            }
        }
        let used = try MemoryScan(of: daemon.process, keys: keys)
        #expect(used.outside.isEmpty, "\(used.outside)")
        #expect(used.inside["key"]?["key"] ?? 0 > 0)
    }

    @Test("MEM-2 the process is not dumpable, has no core limit, catches no crash, and is closed to its own user")
    func notDumpable() throws {
        let daemon = try TestDaemon(prepared: TestDaemon.settings())
        // Swift's reports of crashes, as far as somebody can ask for them.
        try daemon.start(environment: ["SWIFT_BACKTRACE": "enable=yes"])
        let faults = try daemon.process.faultsOfHardening()
        #expect(faults.isEmpty, "\(faults)")
        let pid = daemon.process.processIdentifier
        #expect(try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8).contains("NoNewPrivs:\t1"))
        // The files of a process that cannot be dumped belong to root, whoever runs it.
        let owner = try FileManager.default.attributesOfItem(atPath: "/proc/\(pid)/environ")[.ownerAccountID] as? Int
        #expect(owner == 0)
    }

    @Test("MEM-2 a signal that its starter had it ignore, as a shell SIGQUIT behind &, stays ignored")
    func ignoredSignals() throws {
        let daemon = try TestDaemon(prepared: TestDaemon.settings())
        try daemon.start(wrapper: ["--ignore-signal=QUIT"])
        let status = try String(contentsOfFile: "/proc/\(daemon.process.processIdentifier)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("SigIgn:") })
        let ignored = try #require(line.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) })
        #expect(ignored & 1 << UInt64(SIGQUIT - 1) != 0)
    }

    @Test(
        "MEM-2 another process of the daemon's own user cannot read its memory",
        .enabled(if: geteuid() == 0, "needs root to become another user"))
    func ownUserCannotRead() throws {
        let user = "4242"
        let daemon = try TestDaemon(prepared: TestDaemon.settings(users: ["root"]))
        _ = try Program.run("chown", ["-R", "\(user):\(user)", daemon.directory.path])
        _ = try Program.run("chmod", ["a+rx", TestDaemon.products.path])
        let script = """
            "$1" --config "$2" 2>&1 & pid=$!
            until [ -S "$3" ] || ! kill -0 $pid; do :; done
            is_open() { true 3<"/proc/$1/mem"; } 2>/dev/null
            sleep 60 & is_open $! && echo "another process of this user is open"
            kill -KILL $!
            kill -0 $pid && ! is_open $pid && echo closed
            kill $pid; wait $pid
            """
        let program = try Program.run(
            "setpriv",
            [
                "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "bash", "-c", script, "bash",
                TestDaemon.product("signetd").path, daemon.configuration.path, daemon.socket,
            ])
        #expect(program.output.contains("closed\n"), "\(program.output) \(program.errors)")
        #expect(program.output.contains("another process of this user is open\n"), "\(program.output)")
    }
}
