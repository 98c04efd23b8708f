import Foundation

/// A program that was run to its end.
struct Program {
    let status: Int32
    let output: String
    let errors: String

    /// Runs a program found on PATH, or by its URL.
    static func run(
        _ name: String, _ arguments: [String] = [], input: String = "", environment: [String: String] = [:]
    ) throws -> Program {
        try run(URL(filePath: "/usr/bin/env"), [name] + arguments, input: input, environment: environment)
    }

    static func run(
        _ executable: URL, _ arguments: [String] = [], input: String = "", environment: [String: String] = [:]
    ) throws -> Program {
        let process = Process()
        let (stdin, stdout, stderr) = (Pipe(), Pipe(), LogReader())
        process.executableURL = executable
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = stdin
        process.standardOutput = stdout
        process.standardError = stderr.pipe
        try process.run()
        stdin.fileHandleForWriting.write(Data(input.utf8))
        try stdin.fileHandleForWriting.close()
        let output = stdout.fileHandleForReading.readDataToEndOfFile()
        let errors = stderr.rest()
        process.waitUntilExit()
        return Program(
            status: process.terminationStatus, output: String(decoding: output, as: UTF8.self), errors: errors)
    }

    /// Debian's Python, which `python3-jwt` is installed for.
    static let python = URL(filePath: "/usr/bin/python3")
}
