import Foundation
import Testing

@Suite(
    "A core of signetd holds no key", .enabled(if: CoreFile.isWritten, CoreFile.advice),
    .enabled(if: geteuid() == 0, "needs root to choose what a core holds"))
struct CoreDumpTests {
    private static let rings = TestRing.everyKind.map(\.ring)

    /// Has every ring sign and verify on a few connections, and aborts the daemon, which is to write all that it can.
    ///
    /// - Returns: The core; nil: there is none.
    private func abort(_ daemon: TestDaemon) throws -> String? {
        let clients = try (0..<4).map { _ in try daemon.connect() }
        for (client, ring) in clients.flatMap({ client in Self.rings.map { (client, $0) } }) {
            let token = try client.ask(#"{"op":"sign","profile":"\#(ring.name)"}"#).text("token")
            let verify = #"{"op":"verify","profile":"\#(ring.name)","token":"\#(token)"}"#
            #expect(try client.ask(verify).isValid == true)
        }
        // core(5): private and shared pages, also those of files and huge ones.
        try Data("0x7f\n".utf8).write(to: URL(filePath: "/proc/\(daemon.process.processIdentifier)/coredump_filter"))
        // One that is caught would be survived.
        try #require(try daemon.process.faultsOfHardening().filter { $0.contains("signal") }.isEmpty)
        daemon.signal(SIGABRT)
        daemon.process.waitUntilExit()
        #expect(daemon.process.terminationReason == .uncaughtSignal)
        #expect(daemon.process.terminationStatus == SIGABRT)
        return try CoreFile.look(in: daemon.directory.path)
    }

    @Test("MEM-2 aborted, it ends at once, leaves no core, whatever its limit was, and reports nothing of its memory")
    func none() throws {
        let daemon = try TestDaemon(preparedRings: Self.rings)
        try daemon.start(
            environment: ["SWIFT_BACKTRACE": "enable=yes"], wrapper: CoreFile.wrapper(daemon.directory.path))
        #expect(try abort(daemon) == nil)
        let log = daemon.log.rest()
        #expect(log.contains("serving:"))
        for line in log.split(separator: "\n") { #expect(line.hasPrefix("signetd: "), "\(line)") }
    }

    @Test(
        "MEM-1 even where a core is forced out of it, there is nothing of a key in it, in any form",
        .enabled(if: PreloadedLibrary.isBuildable, PreloadedLibrary.advice), arguments: [false, true])
    func forced(_ hasEveryPage: Bool) throws {
        let daemon = try TestDaemon(preparedRings: Self.rings)
        let library = try PreloadedLibrary(
            at: daemon.directory.appending(path: "dumpable.so").path,
            PreloadedLibrary.dumpable + (hasEveryPage ? PreloadedLibrary.withEveryPage : ""))
        var keys = try daemon.privateKeys(of: Self.rings)
        // What is no secret, and certainly there.
        keys["known"] = ["kty": "oct", "alg": "HS256", "k": Data("https://es256.example.com".utf8).base64URL]
        try daemon.start(environment: library.environment, wrapper: CoreFile.wrapper(daemon.directory.path))
        let core = try #require(try abort(daemon))
        let scan = try MemoryScan(ofCore: core, keys: keys)
        // That the scanner finds each key where nothing keeps it out of the core shows that it would find it.
        let found = Set(scan.outside.map(\.key))
        #expect(found == (hasEveryPage ? Set(keys.keys) : ["known"]), "\(scan.outside.prefix(20))")
    }
}
