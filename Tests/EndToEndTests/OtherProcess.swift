import Foundation
import Testing

/// A Python script that runs as another user and talks with its test by lines, so that each waits for the other's word and
/// for no time.
final class OtherProcess {
    private let process = Process()
    private let (input, output, errors) = (Pipe(), Pipe(), LogReader())
    private var heard = Data()

    /// What every script finds: `connect()`, `say(word)` to the test, `told()` for the test's next line ("" at the end),
    /// and `isOK(line)`. Where a socket waits for longer than a minute, the script fails.
    private static let prelude = """
        import json, select, socket, sys, time
        patience = 60
        def connect():
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(patience)
            s.connect(sys.argv[1])
            return s
        def say(word): print(word, flush=True)
        def told(): return sys.stdin.readline().strip()
        def isOK(line): return json.loads(line)["ok"]
        def code(line): return "ok" if isOK(line) else json.loads(line)["error"]["code"]

        """

    /// Starts the script.
    init(_ script: String, _ daemon: TestDaemon, as user: String) throws {
        _ = BrokenPipes.areErrors
        let python = [Program.python.path, "-c", Self.prelude + script, daemon.socket]
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = OtherUser.command(python, as: user)
        process.standardInput = input
        process.standardOutput = output
        process.standardError = errors.pipe
        try process.run()
    }

    deinit {
        // Not SIGTERM: it inherits the test runner's mask, which may block that.
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    /// Where the script has ended, `hear` says why.
    func tell(_ line: String) { try? input.fileHandleForWriting.write(contentsOf: Data("\(line)\n".utf8)) }

    /// The next line that the script says.
    func hear() throws -> String {
        while true {
            if let end = heard.firstIndex(of: 0x0A) {
                let line = String(decoding: heard[..<end], as: UTF8.self)
                heard.removeSubrange(...end)
                return line
            }
            let more = output.fileHandleForReading.availableData
            try #require(!more.isEmpty, "the other process has ended: \(errors.rest())")
            heard += more
        }
    }

    /// Tells a line and hears what the script says to it.
    func ask(_ line: String) throws -> String {
        tell(line)
        return try hear()
    }
}
