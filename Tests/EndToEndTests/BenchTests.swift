import Foundation
import Testing

@Suite("signet bench measures what a daemon does, and says so truly") struct BenchTests {
    private let folder: Workshop

    init() throws { folder = try Workshop() }

    private static let short =
        ["bench", "--connections", "2", "--depth", "4", "--seconds", "1", "--warm-up", "0"] + Program.patience

    /// A daemon with the ring `default` (HS512) and another, `web`, of that algorithm.
    private func daemon(_ algorithm: String, allow: String = "") throws -> TestDaemon {
        let settings =
            TestDaemon.settings(allow: allow) + """

                [keyring.web]
                algorithm = "\(algorithm)"

                [profile.web]
                issuer = "https://web.example.com"
                audiences = ["https://api.example.com"]

                [[profile.web.allow]]
                operations = ["sign", "verify"]
                users = ["\(NSUserName())"]
                """
        let daemon = try TestDaemon(prepared: settings)
        try daemon.makeKey(in: "web", algorithm, kid: "web-1")
        try daemon.start()
        return daemon
    }

    private func report(_ arguments: [String], to daemon: TestDaemon) throws -> (Program, JSONObject) {
        let bench = try folder.signet(Self.short + arguments, to: daemon)
        return (bench, try JSONObject(bench.output))
    }

    @Test(
        "One row for each profile and operation, named by the algorithm of its tokens; all that was signed was counted")
    func rows() throws {
        let daemon = try daemon("ES256")
        let before = try daemon.signed()
        let (bench, report) = try self.report(
            ["--profile", "default,web", "--operation", "sign,verify", "--json"], to: daemon)
        #expect(bench.status == 0, "\(bench.errors)")
        #expect(bench.errors.isEmpty)
        let results = try report.objects("results")
        #expect(try results.map { try $0.text("profile") } == ["default", "default", "web", "web"])
        #expect(try results.map { try $0.text("algorithm") } == ["HS512", "HS512", "ES256", "ES256"])
        #expect(try results.map { try $0.text("operation") } == ["sign", "verify", "sign", "verify"])
        #expect(try results.map { try $0.text("kid") } == ["first", "first", "web-1", "web-1"])
        for result in results {
            #expect(try result.integer("successes") > 0)
            #expect(try result.object("errors").members.isEmpty)
            #expect(result.members["in_process"] == nil)
            #expect(result.members["distribution"] == nil)
            let figures = try result.object("latency_ns")
            #expect(figures.members.keys.sorted() == ["max", "mean", "p50", "p90", "p99", "p99_9"])
            let rising = try ["p50", "p90", "p99", "p99_9", "max"].map { try figures.integer($0) }
            #expect(rising == rising.sorted() && rising[0] > 0)
            let seconds = try #require(result.members["seconds"] as? Double)
            #expect(seconds > 0 && seconds <= 1)
            let rate = Double(try result.integer("successes")) / seconds
            #expect(abs(Double(try result.integer("per_second")) - rate) <= 1)
        }
        // One token of each profile came before; what was in flight at the end was signed and not counted.
        let counted = try results.filter { try $0.text("operation") == "sign" }.map { try $0.integer("successes") }
        let excess = try daemon.signed() - before - counted.reduce(0, +)
        #expect(excess >= 2 && excess <= 2 + 2 * 2 * 2 * 4)
        #expect(try report.integer("connections") == 2)
        #expect(try report.integer("depth") == 4)
        #expect(try report.integer("warm_up") == 0)
        #expect(report.members["interrupted"] as? Bool == false)
    }

    @Test("The table has the same rows, and --histogram the distribution up to 100 per cent")
    func table() throws {
        let daemon = try TestDaemon()
        let bench = try folder.signet(Self.short + ["--op", "verify,ping", "--histogram"], to: daemon)
        #expect(bench.status == 0, "\(bench.errors)")
        let lines = bench.output.components(separatedBy: "\n")
        let heading = lines[1].split(separator: " ").map(String.init)
        #expect(
            heading == [
                "profile", "algorithm", "operation", "requests/s", "mean", "p50", "p90", "p99", "p99.9", "max",
                "errors",
            ])
        let rows = lines[2...3].map { $0.split(separator: " ").map(String.init) }
        #expect(rows[0].prefix(3) == ["-", "-", "ping"])
        #expect(rows[1].prefix(3) == ["default", "HS512", "verify"])
        for row in rows { #expect(row.count == heading.count && row.last == "0" && (Int(row[3]) ?? 0) > 0, "\(row)") }
        #expect(bench.output.contains("\nping, latencies in microseconds\n"))
        #expect(bench.output.contains("\ndefault HS512 verify, latencies in microseconds\n"))
        #expect(bench.output.matches(of: #/ 1\.000000000000 +\d+\n/#).count == 2)
    }

    @Test("--in-process measures the same algorithm in one's own process, and the ratio is the quotient of the two")
    func inProcess() throws {
        for algorithm in ["RS256", "EdDSA"] {
            let daemon = try daemon(algorithm)
            let (bench, report) = try self.report(
                ["--in-process", "--profile", "web", "--operation", "sign,verify", "-o", "json"], to: daemon)
            #expect(bench.status == 0, "\(bench.errors)")
            let results = try report.objects("results")
            #expect(results.count == 2)
            for result in results {
                let own = try result.object("in_process")
                #expect(try own.integer("threads") == 1)
                let rates = (Double(try result.integer("per_second")), Double(try own.integer("per_second")))
                #expect(rates.0 > 0 && rates.1 > 0)
                let ratio = try #require(own.members["ratio"] as? Double)
                // Both rates are rounded to whole numbers, the ratio to thousandths.
                let slack = 0.001 + (1 + rates.0 / rates.1) / rates.1
                #expect(abs(ratio - rates.0 / rates.1) <= slack, "\(ratio) of \(rates)")
            }
        }
        let daemon = try TestDaemon()
        let bench = try folder.signet(Self.short + ["--in-process"], to: daemon)
        #expect(bench.status == 0, "\(bench.errors)")
        #expect(bench.output.contains("in-process/s  ratio\n"))
    }

    @Test("A verify of a key pair's token is said to be of one seen before, as the daemon's cache counts it")
    func seenBefore() throws {
        let daemon = try daemon("ES256")
        let arguments = ["--profile", "default,web", "--operation", "sign,verify"]
        let told = try report(arguments + ["--json"], to: daemon).1.objects("results")
        #expect(told.map { $0.members["token_seen_before"] as? Bool } == [nil, false, nil, true])
        #expect(try daemon.counters().object("verify_cache").integer("misses") == 1)
        let lines = try folder.signet(Self.short + arguments, to: daemon).output.components(separatedBy: "\n")
        #expect(lines.contains("web ES256 verify: one token, seen before; see verify_cache in signet bench --help"))
    }

    @Test("Answers that are no success are counted by their code, and end it with status 2")
    func errors() throws {
        let daemon = try TestDaemon(TestDaemon.settings(allow: "rate = 2"))
        let (bench, report) = try self.report(["--json"], to: daemon)
        #expect(bench.status == 2)
        #expect(bench.errors.contains("not every answer was a success"))
        let result = try #require(try report.objects("results").first)
        let errors = try result.object("errors")
        #expect(Array(errors.members.keys) == ["rate_limited"])
        #expect(try errors.integer("rate_limited") > 0)
        // A bucket of 2, less one for the first token, and 2 a second.
        #expect(try result.integer("successes") <= 5)
        let text = try folder.signet(Self.short, to: daemon)
        #expect(text.status == 2)
        #expect(text.output.contains(/\ndefault HS512 sign: rate_limited: \d+\n/))
    }

    @Test("--claims-size makes the claims of that many bytes, --claims says them")
    func claims() throws {
        let daemon = try TestDaemon()
        let sizes = try [100, 1_100].map { size in
            let (_, report) = try self.report(["--json", "--claims-size", "\(size)"], to: daemon)
            return try #require(try report.objects("results").first).integer("request_bytes")
        }
        #expect(sizes[1] - sizes[0] == 1_000)
        let (bench, report) = try self.report(["--json", "--claims", #"{"sub":"a"}"#, "--ttl", "9s"], to: daemon)
        #expect(bench.status == 0, "\(bench.errors)")
        let line = #"{"op":"sign","profile":"default","claims":{"sub":"a"},"ttl":9}"# + "\n"
        #expect(try report.objects("results").map { try $0.integer("request_bytes") } == [line.utf8.count])
    }

    @Test(
        "What cannot be measured is said before anything is",
        arguments: [
            (["--profile", "missing"], "missing"), (["--operation", "sing"], "sing"),
            (["--seconds", "0"], "--seconds"),
            (["--claims", "[]"], "one JSON object"), (["--claims", "{}", "--claims-size", "20"], "exclude"),
            (["--claims-size", "200000"], "too large"),
        ])
    func refusals(_ arguments: [String], _ word: String) throws {
        let daemon = try TestDaemon()
        let bench = try folder.signet(["bench"] + arguments, to: daemon)
        #expect(bench.status == 2)
        #expect(bench.output.isEmpty)
        #expect(bench.errors.contains(word), "\(bench.errors)")
    }

    @Test("A daemon that does not answer, or closes, is no daemon that is fast", arguments: ["one", "none", "close"])
    func silence(_ answers: String) throws {
        let server = try FakeDaemon(answers, at: folder.path("fake.sock"))
        defer { withExtendedLifetime(server) {} }
        let bench = try Program.run(
            TestDaemon.product("signet"), Self.short + ["--operation", "ping", "--json"],
            environment: ["SIGNET_SOCKET": folder.path("fake.sock")])
        let result = try #require(try JSONObject(bench.output).objects("results").first)
        #expect(try result.integer("successes") == (answers == "one" ? 2 : 0))
        if answers != "close" { #expect(try result.integer("oldest_unanswered_ns") > 0) }
        switch answers {
        case "one":
            // One on each of the two connections.
            #expect(bench.status == 0, "\(bench.errors)")
        case "none":
            #expect(bench.status == 2)
            #expect(bench.errors.contains("no answer came in time"))
        default:
            #expect(bench.status == 2)
            #expect(bench.errors.contains("closed a connection") || bench.errors.contains("a connection failed"))
        }
    }

    @Test("Ctrl-C ends it and prints what was measured")
    func interrupted() throws {
        let daemon = try TestDaemon()
        let before = try daemon.signed()
        let process = Process()
        let output = Pipe()
        process.executableURL = TestDaemon.product("signet")
        process.arguments = ["bench", "--json", "--seconds", "3600", "--warm-up", "0", "--profile", "default"]
        process.environment = ["SIGNET_SOCKET": daemon.socket]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        // The one token before the measuring, and some that are measured.
        while try daemon.signed() < before + 1_000, process.isRunning {}
        process.interrupt()
        let report = try JSONObject(
            String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self))
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(report.members["interrupted"] as? Bool == true)
        let result = try #require(try report.objects("results").first)
        #expect(try result.integer("successes") > 0)
        #expect(try #require(result.members["seconds"] as? Double) < 3_600)
    }
}

extension TestDaemon {
    fileprivate func signed() throws -> Int { try counters().integer("signed") }
    fileprivate func counters() throws -> JSONObject {
        try JSONObject(Program.signet(["status", "-o", "json"], socket: socket).output).object("counters")
    }
}

/// Answers the first connection, and on every other one request, none, or closes it at once.
private final class FakeDaemon {
    private let process = Process()

    init(_ answers: String, at path: String) throws {
        let script = """
            import json, socket, sys, threading
            def answer(line):
                members = {"ok": True, "version": "fake", "protocol": 1}
                asked = json.loads(line)
                return json.dumps({**({"id": asked["id"]} if "id" in asked else {}), **members}, separators=(",", ":"))
            def serve(connection, count):
                stream = connection.makefile("rw")
                for line in stream:
                    if count > 0:
                        stream.write(answer(line) + "\\n")
                        stream.flush()
                    count -= 1
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(sys.argv[1])
            listener.listen()
            print("listening", flush=True)
            count = 1000
            while True:
                connection = listener.accept()[0]
                if count == 0 and sys.argv[2] == "close": connection.close()
                else: threading.Thread(target=serve, args=(connection, count), daemon=True).start()
                count = 1 if sys.argv[2] == "one" else 0
            """
        let output = Pipe()
        process.executableURL = Program.python
        process.arguments = ["-c", script, path, answers]
        process.standardOutput = output
        try process.run()
        // Nothing comes when it could not listen.
        try #require(!output.fileHandleForReading.availableData.isEmpty)
    }

    deinit {
        // Threads of a test block other signals, and a child inherits that.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

/// A JSON object that a program printed.
private struct JSONObject {
    let members: [String: Any]

    init(_ text: String) throws {
        members = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
    }

    private init(_ members: [String: Any]) { self.members = members }
    func text(_ name: String) throws -> String { try #require(members[name] as? String) }
    func integer(_ name: String) throws -> Int { try #require(members[name] as? Int) }
    func object(_ name: String) throws -> JSONObject {
        JSONObject(try #require(members[name] as? [String: Any]))
    }
    func objects(_ name: String) throws -> [JSONObject] {
        try #require(members[name] as? [[String: Any]]).map { JSONObject($0) }
    }
}
