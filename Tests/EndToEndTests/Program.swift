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
        _ = BrokenPipes.areErrors
        let process = Process()
        let (stdin, stdout, stderr) = (Pipe(), Pipe(), LogReader())
        process.executableURL = executable
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = stdin
        process.standardOutput = stdout
        process.standardError = stderr.pipe
        try process.run()
        // A program may end before it has read all.
        try? stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try stdin.fileHandleForWriting.close()
        let output = stdout.fileHandleForReading.readDataToEndOfFile()
        let errors = stderr.rest()
        process.waitUntilExit()
        return Program(
            status: process.terminationStatus, output: String(decoding: output, as: UTF8.self), errors: errors)
    }

    /// What has a command that asks a daemon wait longer than its five seconds: beside 1,300 other tests a processor may
    /// be that long in coming.
    static let patience = ["--timeout", "120s"]
    /// The same for a shell.
    static let patienceInShell = patience.joined(separator: " ")

    /// Runs `signet`. What asks the daemon of `socket` has patience, unless it is told how long to wait.
    static func signet(
        _ arguments: [String], socket: String = "/nonexistent/signet.sock", input: String = "",
        environment: [String: String] = [:]
    ) throws -> Program {
        let asks = ["sign", "verify", "ping", "status", "jwks", "explain", "bench"].contains(arguments.first)
        let isTold = arguments.contains("--timeout")
        let patience = asks && !isTold ? Self.patience : []
        return try run(
            TestDaemon.product("signet"), arguments.prefix(1) + patience + arguments.dropFirst(), input: input,
            environment: environment.merging(["SIGNET_SOCKET": socket]) { $1 })
    }

    /// Debian's Python, which `python3-jwt` is installed for.
    static let python = URL(filePath: "/usr/bin/python3")
}
