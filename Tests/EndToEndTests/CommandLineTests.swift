import Foundation
import Testing

@Suite("signet on the command line")
struct CommandLineTests {
    private func signet(_ arguments: [String], to daemon: TestDaemon? = nil, input: String = "") throws -> Program {
        guard let daemon else { return try Program.signet(arguments, input: input) }
        return try Program.signet(arguments, socket: daemon.socket, input: input)
    }

    @Test("sign prints the token alone; verify takes it and prints the claims; exit status 0")
    func signAndVerify() throws {
        let daemon = try TestDaemon()
        let signed = try signet(
            ["sign", "--claim", "sub=user-1", "--json", "-", "--ttl", "7d"], to: daemon,
            input: #"{"email":"ada@example.com","level":1.0}"#)
        #expect(signed.status == 0, "\(signed.errors)")
        #expect(signed.errors.isEmpty)
        let lines = signed.output.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 2 && lines[1].isEmpty)
        #expect(lines[0].split(separator: ".").count == 3)
        let verified = try signet(["verify"], to: daemon, input: signed.output)
        #expect(verified.status == 0, "\(verified.errors)")
        #expect(verified.output.contains(#""level":1.0"#))
        #expect(verified.output.contains(#""sub":"user-1""#))
    }

    @Test("A token that is not valid ends with status 1 and its reason")
    func invalidToken() throws {
        let daemon = try TestDaemon()
        let token = try signet(["sign"], to: daemon).output.trimmingCharacters(in: .newlines)
        let parts = token.split(separator: ".")
        let signature = parts[2].prefix(40).map { $0 == "A" ? "B" : "A" }.joined() + parts[2].dropFirst(40)
        let forged = "\(parts[0]).\(parts[1]).\(signature)"
        let verified = try signet(["verify"], to: daemon, input: forged)
        #expect(verified.status == 1)
        #expect(verified.output.isEmpty)
        #expect(verified.errors.contains("bad_signature"))
    }

    @Test("Any other error ends with status 2 and says what to do next")
    func otherErrors() throws {
        let daemon = try TestDaemon()
        let unreachable = try signet(["ping"])
        #expect(unreachable.status == 2)
        #expect(unreachable.errors.contains("is signetd running?"))
        let refused = try signet(["sign", "--profile", "missing"], to: daemon)
        #expect(refused.status == 2)
        #expect(refused.errors.contains("missing"))
        #expect(try signet(["sign", "--nonsense"], to: daemon).status == 2)
        #expect(try signet(["--help"]).status == 0)
        #expect(try signet(["sign", "--help"]).output.contains("standard"))
    }

    @Test("A stream that is closed is nobody's file and nobody's socket")
    func closedStreams() throws {
        let daemon = try TestDaemon()
        for (command, part) in [
            ("sign \(Program.patienceInShell) >&-", "cannot write to standard output: Bad file descriptor"),
            ("verify <&-", "cannot read the token from standard input: Bad file descriptor"),
            ("sign --batch \(Program.patienceInShell) <&-", "cannot read standard input: Bad file descriptor"),
        ] {
            let program = try Program.run(
                "bash", ["-c", "\"$0\" \(command)", TestDaemon.product("signet").path],
                environment: ["SIGNET_SOCKET": daemon.socket])
            #expect(program.status == 2)
            #expect(program.errors.contains(part), "\(command): \(program.errors)")
        }
        #expect(
            try Program.run(
                "bash", ["-c", "\"$0\" ping \(Program.patienceInShell) <&- 2>&-", TestDaemon.product("signet").path],
                environment: ["SIGNET_SOCKET": daemon.socket]
            ).status == 0)
    }

    @Test("inspect decodes without a daemon, shows readable times, and says that it verified nothing")
    func inspect() throws {
        let daemon = try TestDaemon()
        let token = try signet(["sign", "--claim", "sub=user-1", "--ttl", "7d"], to: daemon).output
        let inspected = try signet(["inspect"], input: token)
        #expect(inspected.status == 0)
        #expect(inspected.output.contains("\"sub\": \"user-1\""))
        let all = inspected.output + inspected.errors
        #expect(all.contains("expires in 7 d 0 h") || all.contains("expires in 6 d 23 h"), "a second may have passed")
        #expect(inspected.errors.contains("not verified"))
        #expect(try signet(["inspect"], input: "a.b").status != 0)
    }

    @Test("explain says which entry would serve, and signs nothing")
    func explain() throws {
        let daemon = try TestDaemon()
        let explained = try signet(["explain", "--claim", "sub=user-1"], to: daemon)
        #expect(explained.status == 0, "\(explained.errors)")
        #expect(explained.output.contains("signetd.toml:15"))
        #expect(explained.output.contains("user-1"))
    }

    @Test("key new makes a key that a daemon serves, of its owner alone, and never shows it")
    func keyNew() throws {
        let daemon = try TestDaemon(prepared: TestDaemon.settings())
        try FileManager.default.removeItem(at: daemon.keys.appending(path: "first.jwk"))
        let made = try signet(["key", "new", daemon.keys.path])
        #expect(made.status == 0, "\(made.errors)")
        let kid = made.output.trimmingCharacters(in: .newlines)
        let file = daemon.keys.appending(path: "\(kid).jwk")
        let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let key = try #require(
            JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        #expect(!(made.output + made.errors).contains(try #require(key["k"] as? String)))
        try daemon.start()
        #expect(try daemon.connect().ask(#"{"op":"sign"}"#).text("kid") == kid)
    }

    @Test("key new refuses what it cannot make, and says what to do", arguments: ["HS1024", "none"])
    func keyNewRefuses(algorithm: String) throws {
        let daemon = try TestDaemon(prepared: TestDaemon.settings())
        let unknown = try signet(["key", "new", "--algorithm", algorithm, daemon.keys.path])
        #expect(unknown.status == 2)
        #expect(unknown.errors.contains("HS512"))
        #expect(try signet(["key", "new", daemon.keys.path + "/missing"]).errors.contains("does not exist"))
        let again = ["key", "new", "--kid", "twice", daemon.keys.path]
        #expect(try signet(again).status == 0)
        #expect(try signet(again).errors.contains("exists already"))
    }
}
