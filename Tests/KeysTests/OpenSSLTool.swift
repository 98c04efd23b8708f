import Foundation

/// OpenSSL's own command line, that makes keys and signatures as other people have them.
struct OpenSSLTool {
    static let path = "/usr/bin/openssl"
    static let isThere = FileManager.default.isExecutableFile(atPath: path)

    struct Failure: Error { let arguments: [String] }

    static func run(_ arguments: String..., input: [UInt8] = []) throws -> [UInt8] {
        try run(arguments, input: input)
    }

    /// A new private key of that kind, as PKCS#8 in PEM.
    static func pem(_ kind: [String]) throws -> String {
        String(decoding: try run(["genpkey"] + kind), as: UTF8.self)
    }

    /// Runs `openssl`, handing it `input`; what it wrote.
    static func run(_ arguments: [String], input: [UInt8] = []) throws -> [UInt8] {
        let (process, output, source) = (Process(), Pipe(), Pipe())
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.standardInput = source
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        // All inputs here fit the pipe.
        try source.fileHandleForWriting.write(contentsOf: input)
        try source.fileHandleForWriting.close()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(arguments: arguments) }
        return [UInt8](bytes)
    }
}
