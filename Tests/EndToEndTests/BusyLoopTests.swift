import Foundation
import POSIX
import Testing

@Suite("Deadlines of a loop that is busy")
struct BusyLoopTests {
    @Test("A line whose end arrived in time is answered, also when the loop was too busy to read it")
    func lineDuringFlood() throws {
        let daemon = try TestDaemon(
            prepared: TestDaemon.settings(server: "request_timeout = \"1s\"") + """

                [keyring.rsa]
                algorithm = "RS512"
                [profile.rsa]
                issuer = "https://auth.example.com"
                audiences = ["https://api.example.com"]
                [[profile.rsa.allow]]
                operations = ["sign"]
                users = ["\(NSUserName())"]
                """)
        try makeSlowKey(daemon.directory.appending(path: "keys/rsa"))
        try daemon.start()
        // Every loop has honest clients that are inside a line, and one that keeps it busy for more than a second.
        let loops = ProcessLimits.processors
        let honest = try (0..<4 * loops).map { _ in try daemon.connect() }
        let floods = try (0..<loops).map { _ in try daemon.connect() }
        for client in honest {
            try client.send("{\"op\":\"ping\"}\n{\"op\":")
            let answer = Answer(try client.readLine() ?? "")
            #expect(answer.isOK)
        }
        let line = #"{"op":"sign","profile":"rsa"}"# + "\n"
        for client in floods { try client.send(String(repeating: line, count: Self.flood / line.utf8.count)) }
        for client in honest { try client.send("\"ping\"}\n") }
        for client in honest {
            let answer = Answer(try client.readLine() ?? "")
            #expect(answer.isOK, "\(answer)")
        }
    }

    /// What the daemon reads of a connection in one turn, in bytes.
    private static let flood = 8_192

    /// A key whose signatures take milliseconds.
    private func makeSlowKey(_ directory: URL) throws {
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let file = directory.appending(path: "slow.pem")
        let made = try Program.run(
            "openssl", ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096", "-out", file.path])
        try #require(made.status == 0, "\(made.errors)")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
    }
}
