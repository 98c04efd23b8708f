import Foundation
import Testing

@Suite("signet sign --batch and verify --batch: JSON lines in, JSON lines out")
struct BatchTests {
    private let folder: Workshop
    private let daemon: TestDaemon

    init() throws {
        folder = try Workshop()
        daemon = try TestDaemon()
    }

    private struct Line: Decodable {
        let ok: Bool
        let token: String?
        let kid: String?
        let claims: Claims?
        let error: String?
        let reason: String?
        let message: String?
        let line: Int?
    }
    private struct Claims: Decodable {
        let sub: String
    }

    private func lines(of output: String) throws -> [Line] {
        try output.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }

    @Test("more lines than are in flight come back in their order, and what sign writes verify reads")
    func order() throws {
        let count = 700
        let (claims, tokens) = (folder.path("claims.ndjson"), folder.path("tokens.ndjson"))
        try (0..<count).map { "{\"sub\":\"user-\($0)\"}\n" }.joined()
            .write(toFile: claims, atomically: true, encoding: .utf8)
        let options = "--batch \(Program.patienceInShell)"
        let verified = try Program.run(
            "bash",
            [
                "-c",
                "set -o pipefail; \"$0\" sign \(options) --ttl 5m < \"$1\" | tee \"$2\" | \"$0\" verify \(options)",
                TestDaemon.product("signet").path, claims, tokens,
            ], environment: ["SIGNET_SOCKET": daemon.socket])
        #expect(verified.status == 0)
        #expect(verified.errors.isEmpty, "no word, and no progress without a terminal")
        let signed = try lines(of: String(contentsOfFile: tokens, encoding: .utf8))
        #expect(signed.allSatisfy { $0.ok && $0.token != nil && $0.kid == TestDaemon.kid })
        #expect(try lines(of: verified.output).map { $0.claims?.sub } == (0..<count).map { "user-\($0)" })
    }

    @Test("a bad line is answered with its number and stops no other; blank lines are skipped; exit status 2")
    func badLines() throws {
        let input = """
            {"sub":"a"}

             \t
            nope
            [1]
            {"sub":"b","iss":"x"}
            {"pad":"\(String(repeating: "x", count: 70_000))"}
            {"pad":"\(String(repeating: "x", count: 3 << 20))"}
            {"sub":"without an end"}
            """
        let signed = try folder.signet(["sign", "--batch"], to: daemon, input: input)
        #expect(signed.status == 2)
        #expect(signed.errors.contains("5 of 7 lines failed"))
        let lines = try lines(of: signed.output)
        #expect(lines.map(\.ok) == [true, false, false, false, false, false, true])
        #expect(
            lines.map(\.error) == [
                nil, "malformed_request", "malformed_request", "claims_rejected", "too_large", "too_large", nil,
            ])
        #expect(lines.map(\.line) == [nil, 4, 5, 6, 7, 8, nil])
    }

    @Test("exit status 1 when tokens are not valid and nothing else failed")
    func invalidTokens() throws {
        let token = try folder.signet(["sign", "--claim", "sub=a"], to: daemon).output.trimmingCharacters(in: .newlines)
        let good = "{\"token\":\"\(token)\",\"more\":[1]}\n"
        let mixed = try folder.signet(
            ["verify", "--batch"], to: daemon, input: good + "{\"token\":\"a.b.c\"}\n" + good)
        #expect(mixed.status == 1)
        #expect(mixed.errors.contains("1 of 3 tokens are not valid"))
        #expect(try lines(of: mixed.output).map(\.error) == [nil, "invalid_token", nil])
        #expect(try lines(of: mixed.output)[1].reason == "malformed")
        let without = try folder.signet(["verify", "--batch"], to: daemon, input: good + "{\"tok\":1}\n")
        #expect(without.status == 2)
        #expect(try lines(of: without.output)[1].message?.contains("\"token\"") == true)
    }

    @Test("nobody at the socket is said once, before anything is read")
    func nobodyThere() throws {
        let unreachable = try folder.signet(["sign", "--batch"], input: "{}\n{}\n")
        #expect(unreachable.status == 2 && unreachable.output.isEmpty)
        #expect(unreachable.errors.contains("is signetd running?"))
        #expect(try folder.signet(["sign", "--batch", "--claim", "a=b"], to: daemon).status == 2)
        #expect(try folder.signet(["verify", "--batch", "a.b.c"], to: daemon).status == 2)
    }

    @Test("an answer comes while the input is still open; a daemon that dies costs only the lines meanwhile")
    func conversation() throws {
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = TestDaemon.product("signet")
        process.arguments = ["sign", "--batch", "--socket", daemon.socket, "--timeout", "10s"]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        func ask() throws -> Line {
            try input.fileHandleForWriting.write(contentsOf: Data("{\"sub\":\"a\"}\n".utf8))
            var line = Data()
            while line.last != 0x0A {
                let more = output.fileHandleForReading.availableData
                try #require(!more.isEmpty, "the program ended")
                line += more
            }
            return try JSONDecoder().decode(Line.self, from: line)
        }
        #expect(try ask().ok)
        #expect(try ask().ok)
        daemon.signal(SIGKILL)
        daemon.process.waitUntilExit()
        let lost = try ask()
        #expect(!lost.ok && lost.line == 3)
        #expect(["unavailable", "connection_lost", "timeout"].contains(lost.error), "\(lost)")
        try daemon.start()
        #expect(try ask().ok)
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        #expect(process.terminationStatus == 2)
    }

    @Test("a reader that goes away ends it without a word, by the signal or by the error; a full disk is said")
    func brokenPipe() throws {
        let claims = folder.path("claims.ndjson")
        try String(repeating: "{}\n", count: 2_000).write(toFile: claims, atomically: true, encoding: .utf8)
        for preparation in ["", "trap '' PIPE; "] {
            let script = preparation + "\"$0\" sign --batch \(Program.patienceInShell) < \"$1\" | head -n 1"
            let cut = try Program.run(
                "bash", ["-c", script, TestDaemon.product("signet").path, claims],
                environment: ["SIGNET_SOCKET": daemon.socket])
            #expect(try lines(of: cut.output).map(\.ok) == [true])
            #expect(cut.errors.isEmpty)
        }
        for command in ["sign --batch", "sign"] {
            let script = "\"$0\" \(command) \(Program.patienceInShell) < \"$1\" > /dev/full"
            let full = try Program.run(
                "bash", ["-c", script, TestDaemon.product("signet").path, claims],
                environment: ["SIGNET_SOCKET": daemon.socket])
            #expect(full.status == 2)
            #expect(full.errors.contains("cannot write to standard output: No space left on device"))
        }
    }

    @Test("progress is shown on a terminal that shows no answers, when the work takes longer than a second")
    func progress() throws {
        // Sends lines until there is progress to be seen.
        let script = """
            import os, pty, select, subprocess, sys, time
            terminal, other = pty.openpty()
            signet = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=other)
            os.close(other)
            shown, end = b"", time.monotonic() + 60
            while b"lines, " not in shown and time.monotonic() < end:
                signet.stdin.write(b"{}\\n")
                signet.stdin.flush()
                if select.select([terminal], [], [], 0.05)[0]: shown += os.read(terminal, 4096)
            signet.stdin.close()
            try:
                while more := os.read(terminal, 4096): shown += more
            except OSError: pass
            sys.stdout.write(ascii(shown))
            sys.exit(signet.wait())
            """
        let watched = try Program.run(
            Program.python,
            [
                "-c", script, TestDaemon.product("signet").path, "sign", "--batch", "--socket", daemon.socket,
            ] + Program.patience,
            environment: ["TERM": "xterm"])
        #expect(watched.status == 0, "\(watched.errors)")
        #expect(watched.output.contains(/\ lines, \d+ a second/))
        #expect(watched.output.hasSuffix(#"\r\x1b[K'"#), "it leaves nothing behind: \(watched.output)")
    }
}
