import Foundation
import Testing

@Suite("signet administers a daemon: status, reload, and the keys of a ring by its name")
struct AdministrationCommandTests {
    private let folder: Workshop

    init() throws { folder = try Workshop() }

    private func prepared(keyring: String = "") throws -> TestDaemon {
        let daemon = try TestDaemon(
            prepared: TestDaemon.settings(
                server: "state_directory = \"state\"", keyring: keyring, profile: "leeway = \"0s\"\nmax_ttl = \"15m\""))
        try FileManager.default.createDirectory(
            at: daemon.directory.appending(path: "state"), withIntermediateDirectories: false)
        return daemon
    }

    private func key(_ daemon: TestDaemon, _ arguments: String...) throws -> Program {
        try folder.signet(["key"] + arguments + ["--config", daemon.configuration.path], to: daemon)
    }

    @Test("status shows what signs, what is next and what the last reload said, and ends with 1 when that failed")
    func status() throws {
        let daemon = try prepared()
        try daemon.start()
        let calm = try folder.signet(["status"], to: daemon)
        #expect(calm.status == 0, "\(calm.errors)")
        #expect(calm.output.contains("keyring default (HS512): signs with first"))
        #expect(calm.output.contains("not reloaded since the start"))
        let next = try key(daemon, "rotate", "default", "--lead", "1h", "--reload")
        #expect(next.status == 0, "\(next.errors)")
        let kid = next.output.trimmingCharacters(in: .newlines)
        let rows = try folder.signet(["status"], to: daemon).output.split(separator: "\n")
        #expect(rows.contains { $0.contains(kid) && $0.contains("  next  ") })
        #expect(rows.contains { $0.contains("first") && $0.contains("  current  ") })
        try daemon.writeKey(named: "broken.jwk", kid: "b", Data(repeating: 1, count: 5))
        let refused = try folder.signet(["reload"], to: daemon)
        #expect(refused.status == 2)
        #expect(refused.errors.contains("broken.jwk"))
        let alarmed = try folder.signet(["status"], to: daemon)
        #expect(alarmed.status == 1)
        #expect(alarmed.output.contains("failed, nothing changed"))
        #expect(alarmed.errors.contains("broken.jwk"))
        let json = try folder.signet(["status", "-o", "json"], to: daemon)
        #expect(json.status == 1)
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect(object?["generation"] as? Int == 2 && object?["ok"] == nil)
    }

    @Test("status warns of a signing key that ends within 7 days and has no successor")
    func ending() throws {
        let daemon = try prepared()
        let end = Int(Date().timeIntervalSince1970) + 6 * 86_400
        try daemon.writeKey(named: "first.jwk", kid: TestDaemon.kid, daemon.key, more: ",\"exp\":\(end)")
        try daemon.start()
        let alarmed = try folder.signet(["status"], to: daemon)
        #expect(alarmed.status == 1)
        #expect(alarmed.errors.contains("has no successor"))
        #expect(try key(daemon, "rotate", "default", "--lead", "1h", "--reload").status == 0)
        #expect(try folder.signet(["status"], to: daemon).status == 0)
    }

    @Test("ROT-5 rotate, revoke and prune by the ring's name, each taking effect with --reload")
    func life() throws {
        let daemon = try prepared()
        try daemon.start()
        let token = try daemon.sign().text("token")
        let only = try key(daemon, "revoke", TestDaemon.kid, "--reload")
        #expect(only.status == 2)
        #expect(only.errors.contains("signet key rotate"))
        let made = try key(daemon, "rotate", "default", "--reload")
        let kid = made.output.trimmingCharacters(in: .newlines)
        #expect(made.errors.contains("added default/\(kid)"), "\(made.errors)")
        try daemon.awaitStatus("the new key signs") { try $0.ring().signs == kid }
        // Its token lives: prune leaves the key, and a reload would not let it go.
        let nothing = try key(daemon, "prune", "--reload")
        #expect(nothing.status == 0 && nothing.errors.contains("nothing to remove"))
        #expect(try daemon.verify(token).isValid == true)
        let revoked = try key(daemon, "revoke", TestDaemon.kid, "--reload")
        #expect(revoked.status == 0, "\(revoked.errors)")
        #expect(try daemon.verify(token).reason == "revoked")
        let list = try key(daemon, "list", "default")
        #expect(list.output.contains("  revoked  ") && list.output.contains("  current  "), "\(list.output)")
        let rehearsed = try key(daemon, "prune", "--dry-run")
        #expect(rehearsed.output == "\(TestDaemon.kid)\n")
        let pruned = try key(daemon, "prune", "--reload")
        #expect(pruned.output == "\(TestDaemon.kid)\n", "\(pruned.errors)")
        #expect(!FileManager.default.fileExists(atPath: daemon.keys.appending(path: "first.jwk").path))
        #expect(try daemon.verify(token).reason == "revoked")
    }

    @Test("a ring that is not there, and a kid that no ring has, are named with what there is")
    func misses() throws {
        let daemon = try prepared()
        let ring = try key(daemon, "rotate", "wbe")
        #expect(ring.status == 2 && ring.errors.contains("has no keyring 'wbe', only: default"))
        let kid = try key(daemon, "revoke", "nobody")
        #expect(kid.status == 2 && kid.errors.contains("no keyring has a key \"nobody\""))
        // As one thumbprint in 64 begins.
        let dash = try key(daemon, "revoke", "-abc")
        #expect(dash.status == 2 && dash.errors.contains("put -- before one that begins with -"), "\(dash.errors)")
        let missing = try folder.signet(["key", "rotate", "default", "--config", folder.path("none.toml")])
        #expect(missing.status == 2 && missing.errors.contains("none.toml"))
    }

    @Test("kill -9 at any moment of rotate, revoke or prune leaves a directory that loads, with its keys")
    func killed() throws {
        let daemon = try prepared()
        try daemon.start()
        #expect(daemon.stop() == 0)
        var killed = 0
        for number in 0..<60 {
            let arguments = [
                ["rotate", "default"], ["revoke", "--force", "kid-\(number)", "--keyring", "default"], ["prune"],
            ]
            let process = Process()
            process.executableURL = TestDaemon.product("signet")
            process.arguments = ["key"] + arguments[number % 3] + ["--config", daemon.configuration.path]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            usleep(UInt32.random(in: 0...60_000))
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            if process.terminationReason == .uncaughtSignal { killed += 1 }
            let list = try key(daemon, "list", "default")
            #expect(list.status == 0, "\(list.errors)")
            #expect(list.output.contains("\n\(TestDaemon.kid) "))
        }
        #expect(killed > 0)
        try daemon.start()
        #expect(try daemon.sign().isOK)
    }
}
