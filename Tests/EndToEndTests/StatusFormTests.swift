import Foundation
import Testing

@Suite("signet status as metrics, and watched")
struct StatusFormTests {
    private let folder: Workshop

    init() throws { folder = try Workshop() }

    @Test("-o openmetrics is what Prometheus' own parser reads")
    func openMetrics() throws {
        let daemon = try TestDaemon(prepared: TestDaemon.settings())
        // A kid of every character that a label must escape.
        let other = Data((0..<64).map { _ in UInt8.random(in: 0...255) })
        try daemon.writeKey(named: "odd.jwk", kid: #"a\"b\\c"#, other)
        try daemon.start()
        #expect(try daemon.sign().isOK)
        #expect(try !daemon.connect().ask(#"{"op":"sign","profile":"missing"}"#).isOK)
        let metrics = try folder.signet(["status", "-o", "openmetrics"], to: daemon)
        #expect(metrics.status == 0, "\(metrics.errors)")
        #expect(metrics.output.hasSuffix("\n# EOF\n"))
        let script = """
            import sys
            from prometheus_client.openmetrics.parser import text_string_to_metric_families
            for family in text_string_to_metric_families(sys.stdin.read()):
                print(family.type, family.name, family.unit, len(family.samples))
                for sample in family.samples: print(sample.name, sorted(sample.labels.items()), int(sample.value))
            """
        let parsed = try Program.run(Program.python, ["-c", script], input: metrics.output)
        #expect(parsed.status == 0, "\(parsed.errors)\n\(metrics.output)")
        for line in [
            "counter signet_tokens_signed  1", "signet_tokens_signed_total [] 1",
            "gauge signet_uptime_seconds seconds 1", "signet_keyring_signs [('keyring', 'default')] 1",
            "signet_key_state [('keyring', 'default'), ('kid', 'first'), ('state', 'revoked')] 0",
            "signet_verify_cache_hits_total [] 0", "signet_verify_cache_misses_total [] 0",
        ] { #expect(parsed.output.contains(line + "\n"), "\(line)\n\(parsed.output)") }
        #expect(parsed.output.contains(#"('kid', 'a"b\\c')"#))
        #expect(parsed.output.contains("signet_requests_refused_total [('code', 'unknown_profile')] 1\n"))
        #expect(parsed.output.contains("gauge signet_build_info  1\n"))
        let types = Set(
            metrics.output.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ")[3] }
        )
        #expect(types == ["counter", "gauge"], "node_exporter refuses a file with a type that it does not know")
    }

    @Test("--watch goes on while the daemon is away, and SIGINT ends it with status 0", arguments: [SIGINT, SIGTERM])
    func watch(signal: Int32) throws {
        let daemon = try TestDaemon()
        let process = Process()
        let (output, errors) = (LogReader(), LogReader())
        process.executableURL = TestDaemon.product("signet")
        process.arguments = ["status", "--watch", "--every", "1s", "--socket", daemon.socket, "--timeout", "2s"]
        process.standardOutput = output.pipe
        process.standardError = errors.pipe
        try process.run()
        #expect(output.wait(for: "signs with first"))
        #expect(daemon.stop() == 0)
        #expect(output.wait(for: "signetd is away"))
        try daemon.start()
        #expect(output.wait(for: "pid \(daemon.process.processIdentifier),"), "\(output.text)")
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 0)
        #expect(output.rest().hasPrefix("-- 2"))
        #expect(!output.text.contains("\u{1B}"), "there is no terminal")
    }

    @Test(
        "--watch draws over what it drew on a terminal that can, and Ctrl-C there ends it with status 0",
        arguments: ["xterm", "dumb"])
    func watchOnTerminal(kind: String) throws {
        let daemon = try TestDaemon()
        let script = """
            import os, pty, select, sys, time
            pid, terminal = pty.fork()
            if pid == 0: os.execv(sys.argv[1], sys.argv[1:])
            shown, end = b"", time.monotonic() + 60
            while shown.count(b"signs with first") < 2 and time.monotonic() < end:
                if select.select([terminal], [], [], 1)[0]: shown += os.read(terminal, 4096)
            os.write(terminal, b"\\x03")
            try:
                while more := os.read(terminal, 4096): shown += more
            except OSError: pass
            print(ascii(shown))
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            """
        let watched = try Program.run(
            Program.python,
            [
                "-c", script, TestDaemon.product("signet").path, "status", "--watch", "--every", "1s", "--socket",
                daemon.socket,
            ], environment: ["TERM": kind])
        #expect(watched.status == 0, "\(watched.output)\(watched.errors)")
        #expect(watched.output.contains(#"\x1b[H\x1b[2J-- 2"#) == (kind != "dumb"), "\(watched.output)")
        #expect(watched.output.contains(#"\x1b"#) == (kind != "dumb"), "\(watched.output)")
        #expect(watched.output.contains("signs with first"))
    }
}
