import Foundation
import Testing

@Suite("signet keeps what it imports in locked memory") struct ImportMemoryTests {
    private let folder: Workshop

    init() throws { folder = try Workshop() }

    @Test(
        "MEM-1 while signet writes an imported key, nothing of it stands outside of locked pages",
        .enabled(if: geteuid() == 0, "reading another process's memory needs root"),
        arguments: [
            ("PS256", ["-algorithm", "RSA"], "text of p"),
            ("ES256", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "text of d"),
            ("Ed448", ["-algorithm", "ed448"], "seed"),
        ])
    func importing(_ algorithm: String, _ kind: [String], _ form: String) throws {
        let pem = try folder.makeKey(kind)
        let text = try String(contentsOf: folder.url("key.pem"), encoding: .utf8)
        let process = Process()
        let (output, input) = (Pipe(), Pipe())
        process.executableURL = TestDaemon.product("signet")
        process.arguments = ["key", "import", "--algorithm", algorithm, pem]
        process.standardOutput = output
        process.standardInput = input
        // A full pipe holds the process where the whole JWK is in its memory.
        let filling = Data(repeating: UInt8(ascii: " "), count: 65_536)
        output.fileHandleForWriting.write(filling)
        try process.run()
        try process.waitUntilWriting()
        let scan = try MemoryScan(of: process, keys: ["imported": text])
        let written = output.fileHandleForReading.readData(ofLength: filling.count + 16_384)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(written.count > filling.count)
        #expect(scan.outside.isEmpty, "\(scan.outside.prefix(20))")
        #expect(scan.inside["imported"]?[form] ?? 0 > 0, "\(scan.inside)")
    }
}
