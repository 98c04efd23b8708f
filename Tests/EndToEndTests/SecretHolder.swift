import Foundation
import Testing

/// A process of Python that holds secrets where nothing keeps them, so that a scan has to find them.
final class SecretHolder {
    let process = Process()
    /// What it says when it holds them.
    let word: Data
    private let input = Pipe()

    /// - Parameters:
    ///   - script: What finds the modules of these tests, reads its input as far as it wants, and writes a line when it
    ///     holds what it is to hold, with variables.
    init(_ script: String, _ arguments: [String] = [], input text: Data = Data()) throws {
        let output = Pipe()
        let head = """
            import json, os, sys
            sys.dont_write_bytecode = True
            sys.path.insert(0, sys.argv.pop(1))

            """
        process.executableURL = Program.python
        process.arguments = ["-c", head + script + "\nsys.stdin.read()", Self.modules] + arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        input.fileHandleForWriting.write(text + Data("\n".utf8))
        word = output.fileHandleForReading.availableData
        try #require(!word.isEmpty, "it ended: \(script)")
    }

    private static let modules = TestDaemon.packageRoot.appending(path: "Tests/EndToEndTests").path

    func end() throws {
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
