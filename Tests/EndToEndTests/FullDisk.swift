import Foundation
import Testing

/// A small disk below a daemon's directory that a test fills and empties.
final class FullDisk {
    /// How it is made.
    enum Way: String, CaseIterable, CustomTestStringConvertible {
        /// A file system of its own, in memory.
        case mounted
        /// Writes that say so (`faults.c`), for the daemon and the commands alone.
        case feigned

        var testDescription: String { rawValue }

        static let possible = allCases.filter { $0 == .mounted ? canMount : CallFaults.isBuildable }
    }

    let directory: URL
    private let way: Way
    private let faults: CallFaults?
    private var filler: URL { directory.appending(path: "filler") }

    private static let canMount: Bool = {
        guard let workshop = try? Workshop() else { return false }
        return (try? mount(workshop.path(""))) == 0 && (try? unmount(workshop.path(""))) == 0
    }()

    private static func mount(_ path: String) throws -> Int32 {
        // Root's alone, as `Directory.admit` wants what keys lie below.
        try Program.run("mount", ["-t", "tmpfs", "-o", "size=256k,mode=0755", "signet-test", path]).status
    }

    private static func unmount(_ path: String) throws -> Int32 { try Program.run("umount", ["-l", path]).status }

    init(_ way: Way, of daemon: TestDaemon) throws {
        self.way = way
        directory = daemon.directory.appending(path: "disk")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
        faults = way == .feigned ? try CallFaults(in: daemon.directory, rate: 0) : nil
        if way == .mounted { try #require(try Self.mount(directory.path) == 0) }
    }

    deinit { if way == .mounted { _ = try? Self.unmount(directory.path) } }

    /// For the daemon and the commands.
    var environment: [String: String] { faults?.environment ?? [:] }

    func makeDirectory(_ name: String) throws {
        try FileManager.default.createDirectory(
            at: directory.appending(path: name), withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
    }

    /// Leaves no room for a byte.
    func fill() throws {
        if let faults { return try faults.setFull(true) }
        try Data().write(to: filler)
        let file = try FileHandle(forWritingTo: filler)
        for size in [4_096, 1] { while (try? file.write(contentsOf: Data(count: size))) != nil {} }
        try file.close()
    }

    func makeRoom() throws {
        if let faults { return try faults.setFull(false) }
        try FileManager.default.removeItem(at: filler)
    }

    /// All files below the directory and what they hold, but for the filler, and for those that are just being written.
    func contents() throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for name in try names() where name != "filler" && !Self.isUnfinished(name) {
            let file = directory.appending(path: name)
            if let data = try? Data(contentsOf: file) { contents[name] = data }
        }
        return contents
    }

    /// Waits until no file is just being written. One that was left behind ends the wait with an error.
    func awaitNoUnfinished() throws {
        try awaitResult("nothing is left of what could not be written") {
            try names().contains(where: Self.isUnfinished) ? nil : true
        }
    }

    private func names() throws -> [String] { try FileManager.default.subpathsOfDirectory(atPath: directory.path) }

    private static func isUnfinished(_ name: String) -> Bool { name.hasSuffix(".new") }
}
