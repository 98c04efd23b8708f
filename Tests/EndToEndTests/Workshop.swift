import Foundation
import Testing

/// A directory of one's own with `signet` and `openssl` at hand, removed with the test.
final class Workshop {
    private let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "signet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    func url(_ name: String) -> URL { directory.appending(path: name) }
    /// "" is the directory itself.
    func path(_ name: String) -> String { name.isEmpty ? directory.path : url(name).path }

    /// Makes a key of that kind, as PKCS#8 in PEM; returns its path.
    func makeKey(_ kind: [String], _ name: String = "key.pem") throws -> String {
        let made = try Program.run("openssl", ["genpkey", "-quiet"] + kind + ["-out", path(name)])
        // OpenSSL 3.0 has no -quiet.
        if made.status != 0 { try openssl(["genpkey"] + kind + ["-out", path(name)]) }
        return path(name)
    }

    func openssl(_ arguments: String...) throws { try openssl(arguments) }

    private func openssl(_ arguments: [String]) throws {
        let program = try Program.run("openssl", arguments)
        try #require(program.status == 0, "\(program.errors)")
    }

    func signet(_ arguments: [String], to daemon: TestDaemon? = nil, input: String = "") throws -> Program {
        guard let daemon else { return try Program.signet(arguments, input: input) }
        return try Program.signet(arguments, socket: daemon.socket, input: input)
    }

    /// The JSON object that a command prints.
    func json(_ arguments: [String]) throws -> [String: Any] {
        let program = try signet(arguments)
        try #require(program.status == 0, "\(program.errors)")
        return try #require(try JSONSerialization.jsonObject(with: Data(program.output.utf8)) as? [String: Any])
    }

    /// What a command says that ends with status 2.
    func refusal(_ arguments: [String]) throws -> String {
        let program = try signet(arguments)
        #expect(program.status == 2)
        #expect(program.output.isEmpty)
        return program.errors
    }

    /// What a person sees on a terminal, both streams together.
    func onTerminal(_ arguments: [String], environment: [String: String] = [:]) throws -> String {
        let script = """
            import os, pty, sys
            pid, terminal = pty.fork()
            if pid == 0: os.execv(sys.argv[1], sys.argv[1:])
            text = b""
            try:
                while more := os.read(terminal, 4096): text += more
            except OSError: pass
            os.waitpid(pid, 0)
            sys.stdout.buffer.write(text)
            """
        let signet = TestDaemon.product("signet").path
        let program = try Program.run(
            Program.python, ["-c", script, signet] + arguments,
            environment: ["TERM": "xterm", "NO_COLOR": ""].merging(environment) { $1 })
        try #require(program.status == 0, "\(program.errors)")
        return program.output.replacingOccurrences(of: "\r\n", with: "\n")
    }
}
