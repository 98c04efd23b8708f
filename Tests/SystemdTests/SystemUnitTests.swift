import Foundation
import POSIX
import Synchronization
import Systemd
import Testing

@Suite("The system unit of a process", .enabled(if: Cgroup.isUsable, Cgroup.need))
struct SystemUnitTests {
    /// Runs a process in a cgroup of that path for as long as `body` takes.
    private func inCgroup<Result>(_ path: String, _ body: (Int32) throws -> Result) throws -> Result {
        let group = try Cgroup(path)
        defer { group.remove() }
        let sleeper = Process()
        let (input, output) = (Pipe(), Pipe())
        let command = group.running(["/bin/sh", "-c", "echo ready; exec cat"])
        sleeper.executableURL = URL(filePath: command[0])
        sleeper.arguments = Array(command.dropFirst())
        sleeper.standardInput = input
        sleeper.standardOutput = output
        try sleeper.run()
        defer {
            try? input.fileHandleForWriting.close()
            sleeper.waitUntilExit()
        }
        #expect(output.fileHandleForReading.readData(ofLength: 6) == Data("ready\n".utf8))
        return try body(sleeper.processIdentifier)
    }

    private func unit(inCgroup path: String) throws -> String? {
        try inCgroup(path) { try SystemUnit.name(ofProcess: $0).map { String(decoding: $0, as: UTF8.self) } }
    }

    @Test(
        "PEER-2 a service, an instance and a scope are what stands first below the slices",
        arguments: [
            ("register.service", "register.service"), ("web@7.service", "web@7.service"),
            ("session-1.scope", "session-1.scope"), ("signet.slice/register.service", "register.service"),
            ("_register.service", "register.service"),
        ])
    func systemUnits(_ path: String, _ name: String) throws {
        #expect(try unit(inCgroup: path) == name)
    }

    @Test(
        "PEER-2 a user's unit and a delegated cgroup are their owner's, whatever they are called",
        arguments: [
            ("user-1000.slice/user@1000.service/app.slice/register.service", "user@1000.service"),
            ("user-1000.slice/user@1000.service/register.service", "user@1000.service"),
            ("user-1000.slice/session-1.scope/register.service", "session-1.scope"),
            ("other.service/register.service", "other.service"),
            ("other.service/system.slice/register.service", "other.service"),
            ("docker-1.scope/system.slice/register.service", "docker-1.scope"),
        ])
    func foreignUnits(_ path: String, _ owner: String) throws {
        #expect(try unit(inCgroup: path) == owner)
    }

    @Test(
        "PEER-2 below anything but slices there is no unit",
        arguments: ["", "container/register.service", "container/system.slice/register.service", "app.slice"])
    func noUnit(_ path: String) throws {
        #expect(try unit(inCgroup: path) == nil)
    }

    @Test("PEER-2 pid 0, a pid that nobody has, and a process that has died have no unit")
    func nobody() throws {
        #expect(try SystemUnit.name(ofProcess: 0) == nil)
        #expect(try SystemUnit.name(ofProcess: -1) == nil)
        #expect(try SystemUnit.name(ofProcess: .max) == nil)
        try PeerUnitTests.pidTurn.withLock { _ in
            let dead = try inCgroup("register.service") { $0 }
            #expect(try SystemUnit.name(ofProcess: dead) == nil)
        }
    }
}
