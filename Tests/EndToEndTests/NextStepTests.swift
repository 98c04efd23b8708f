import Foundation
import Testing

@Suite("Errors of signet say what to do next")
struct NextStepTests {
    private let folder: Workshop

    init() throws { folder = try Workshop() }

    @Test("no socket, and a socket that nobody listens at: is signetd running?")
    func notRunning() throws {
        let none = try folder.signet(["ping"])
        #expect(none.status == 2)
        #expect(none.errors.contains("no socket at /nonexistent/signet.sock"))
        #expect(none.errors.contains("is signetd running? systemctl status signetd"))
        let daemon = try TestDaemon()
        daemon.signal(SIGKILL)
        daemon.process.waitUntilExit()
        let stale = try folder.signet(["ping"], to: daemon)
        #expect(stale.errors.contains("nobody listens at") && stale.errors.contains("is signetd running?"))
    }

    @Test("a socket of another group: which group, and how to get into it", .enabled(if: OtherUser.isPossible))
    func group() throws {
        let daemon = try TestDaemon()
        try daemon.setMode(0o660, URL(filePath: daemon.socket))
        let signet = TestDaemon.product("signet").path
        let denied = try OtherUser.run(signet, ["ping", "--socket", daemon.socket], as: OtherUser.stranger)
        #expect(denied.status == 2)
        #expect(denied.errors.contains("may not connect to \(daemon.socket)"))
        #expect(
            denied.errors.contains("your user 4711 is not in group root; sudo adduser 4711 root, then log in again"),
            "\(denied.errors)")
        try daemon.setMode(0o600, URL(filePath: daemon.socket))
        let closed = try OtherUser.run(signet, ["ping", "--socket", daemon.socket], as: OtherUser.stranger)
        #expect(closed.errors.contains("socket_mode"))
        try daemon.setMode(0o700, daemon.directory)
        let walled = try OtherUser.run(signet, ["ping", "--socket", daemon.socket], as: OtherUser.stranger)
        #expect(walled.errors.contains("namei -l \(daemon.socket)"))
    }

    @Test("a refusal: which profile, how to learn why, and the entry that would allow it")
    func refusal() throws {
        let daemon = try TestDaemon(TestDaemon.settings(users: ["nobody"]))
        let user = NSUserName()
        let refused = try folder.signet(["sign", "--claim", "sub=confidential"], to: daemon)
        #expect(refused.status == 2)
        #expect(refused.errors.contains("`sudo signet explain --profile default --as-user \(user)`"))
        for line in ["[[profile.default.allow]]", "users = [\"\(user)\"]", "operations = [\"sign\"]"] {
            #expect(refused.errors.contains(line), "\(refused.errors)")
        }
        #expect(!refused.errors.contains("confidential"))
        let verify = try folder.signet(["verify", "--profile", "default"], to: daemon, input: "a.b.c")
        #expect(verify.errors.contains("operations = [\"verify\"]"))
        #expect(!verify.errors.contains("a.b.c"))
    }

    @Test("bench is told what would allow sign, and who asks for another caller what would allow that one")
    func refusalOfOthers() throws {
        let daemon = try TestDaemon(TestDaemon.settings(users: ["nobody"]))
        let bench = try folder.signet(["bench", "--seconds", "1"], to: daemon)
        #expect(bench.status == 2)
        #expect(bench.errors.contains("operations = [\"sign\"]"), "\(bench.errors)")
        let other = try folder.signet(
            ["explain", "--as-user", "daemon", "--as-group", "a", "--as-group", "b", "--as-unit", "web.service"],
            to: daemon)
        #expect(other.status == 2)
        for line in [
            "users = [\"daemon\"]", "groups = [\"a\",\"b\"]", "units = [\"web.service\"]", "operations = [\"sign\"]",
            "for the daemon's admins",
        ] { #expect(other.errors.contains(line), "\(other.errors)") }
        #expect(!other.errors.contains("why:"), "that is what was asked")
        #expect(!other.errors.contains("users = [\"\(NSUserName())\"]"))
    }

    @Test("the entry that it shows, added to the configuration, allows it")
    func entryHelps() throws {
        let daemon = try TestDaemon(TestDaemon.settings(users: ["nobody"]))
        let refused = try folder.signet(["sign"], to: daemon).errors.split(separator: "\n").map {
            $0.replacingOccurrences(of: "signet: ", with: "").trimmingCharacters(in: .whitespaces)
        }
        let entry = refused.drop { !$0.hasPrefix("[[") }.joined(separator: "\n")
        try daemon.configure(TestDaemon.settings(users: ["nobody"]) + "\n" + entry + "\n")
        try daemon.reloadAnew()
        #expect(try folder.signet(["sign"], to: daemon).status == 0, "\(entry)")
    }

    @Test(
        "what the daemon puts off, and what it lacks",
        arguments: [
            ("rate_limited", "try again in 1 s"), ("overloaded", "which limits were reached"),
            ("no_signing_key", "signet key rotate"), ("internal", "journalctl -u signetd"),
            ("ttl_too_long", "signet explain --profile web"), ("ttl_too_long", "max_ttl of profile web"),
            ("claims_rejected", "allowed_claims and audiences of profile web"),
        ], [[], ["--output", "json"]])
    func states(refusal: (code: String, hint: String), format: [String]) throws {
        // A daemon that refuses everything.
        let script = """
            import json, socket, subprocess, sys
            server = socket.socket(socket.AF_UNIX)
            server.bind(sys.argv[1])
            server.listen()
            signet = subprocess.Popen(sys.argv[3:])
            connection = server.accept()[0]
            for line in connection.makefile():
                error = {"code": sys.argv[2], "message": "not now", "retry_after_ms": 1}
                answer = {"id": json.loads(line)["id"], "ok": False, "error": error}
                connection.sendall(json.dumps(answer).encode() + b"\\n")
            sys.exit(signet.wait())
            """
        let socket = folder.path("fake.sock")
        let command = [TestDaemon.product("signet").path, "sign", "--profile", "web", "--socket", socket]
        let refused = try Program.run(Program.python, ["-c", script, socket, refusal.code] + command + format)
        #expect(refused.status == 2)
        #expect(refused.errors.contains("not now"))
        // Hints are for people.
        #expect(refused.errors.contains(refusal.hint) == format.isEmpty, "\(refused.errors)")
    }
}
