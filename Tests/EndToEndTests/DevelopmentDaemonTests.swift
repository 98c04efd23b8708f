import Foundation
import Testing

@Suite("make run")
struct DevelopmentDaemonTests {
    @Test("The development daemon serves, and the lines that it tells to try work as they are printed")
    func printedLines() throws {
        let home = FileManager.default.temporaryDirectory.appending(path: "signet-\(UUID().uuidString.prefix(8))")
        defer { try? FileManager.default.removeItem(at: home) }
        let daemon = Process()
        let (output, log) = (Pipe(), LogReader())
        daemon.executableURL = TestDaemon.packageRoot.appending(path: "scripts/run-development-daemon")
        daemon.arguments = [TestDaemon.products.path, home.path]
        daemon.standardOutput = output
        daemon.standardError = log.pipe
        try daemon.run()
        defer {
            daemon.terminate()
            daemon.waitUntilExit()
        }
        try #require(log.wait(for: "listening on"), "\(log.text)")
        // All of it was written before the daemon took the script's place.
        let text = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("  ") }
        try #require(lines.count == 2, "\(text)")
        for line in lines {
            let patient = String(line).replacing("/signet sign ", with: "/signet sign \(Program.patienceInShell) ")
            let tried = try Program.run("bash", ["-c", patient])
            #expect(tried.status == 0, "\(line): \(tried.errors)")
            #expect(tried.output.contains("eyJ"), "\(line): \(tried.output)")
        }
    }
}
