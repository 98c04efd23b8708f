internal import Foundation
internal import Systemd

/// Rule PEER-2, with paths of any bytes: a process in a cgroup of that path, and what its unit is said to be.
///
/// Needs root and a writable cgroup2 hierarchy, and runs about a thousand paths a second. The parser is libsystemd's.
final class Cgroups {
    private let root: String
    private let process = Process()
    private let input = Pipe()

    /// Where a test can make groups; nil elsewhere.
    static let hierarchy: String? = {
        let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
        let lines = mounts.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        let roots = lines.filter { $0.count > 2 && $0[2] == "cgroup2" }.map { $0[1] }
        let root = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].first { roots.contains($0) }
        guard let root, geteuid() == 0, FileManager.default.isWritableFile(atPath: root) else { return nil }
        return root
    }()

    init() throws {
        guard let hierarchy = Self.hierarchy else { throw Finding("needs root and a writable cgroup2 hierarchy") }
        root = "\(hierarchy)/signetfuzz\(UUID().uuidString.prefix(8).lowercased()).slice"
        process.executableURL = URL(filePath: "/bin/cat")
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: false)
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
        // The group is empty a moment after its last process was waited for.
        for _ in 0..<200 where unsafe rmdir(root) != 0 && errno == EBUSY { usleep(10_000) }
    }

    func examine(_ input: [UInt8]) throws -> Bool {
        let names = input.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Array($0) }
        guard names.count <= 8, names.allSatisfy(Self.canBeMade), !Self.isMarkedDeleted(input) else { return false }
        var made: [[UInt8]] = []
        defer { for path in made.reversed() { _ = unsafe Self.call(path) { unsafe rmdir($0) } } }
        var path = Array(root.utf8)
        for name in names {
            path += [UInt8(ascii: "/")] + name
            guard unsafe Self.call(path, { unsafe mkdir($0, 0o755) }) == 0 else { return false }
            made.append(path)
        }
        guard move(to: path) else { return false }
        defer { _ = move(to: Array(root.utf8)) }
        guard let unit = try SystemUnit.name(ofProcess: process.processIdentifier) else { return false }
        try examine(unit, names)
        return true
    }

    /// A unit is what stands first below slices, and named like a unit.
    private func examine(_ unit: [UInt8], _ names: [[UInt8]]) throws(Finding) {
        guard let first = names.first(where: { !($0.count > 6 && $0.suffix(6) == Array(".slice".utf8)[...]) }) else {
            throw Finding("a unit, and nothing but slices")
        }
        let plain = first.first == UInt8(ascii: "_") ? Array(first.dropFirst()) : first
        let name = String(decoding: unit, as: UTF8.self)
        // A slice whose name is none that systemd makes is no slice, and no unit either.
        try require(unit == plain || names[0] == unit, "\(name) is not what stands first below the slices")
        try require(unit.count <= 255 && unit.contains(UInt8(ascii: ".")), "\(name) is no name of a unit")
        try require(
            unit.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || ":-_.\\@".utf8.contains(byte)
            }, "\(name) has a character that no unit has")
    }

    /// A name that the kernel takes for a directory. Not one with a carriage return: libsystemd ends the line of
    /// /proc/PID/cgroup there too, and only root can make such a group above a unit's own.
    private static func canBeMade(_ name: [UInt8]) -> Bool {
        1...255 ~= name.count && name.allSatisfy { $0 != 0 && $0 != 0x0A && $0 != 0x0D }
            && name != [0x2E] && name != [0x2E, 0x2E]
    }

    /// Whether the path ends as that of a group which was removed does in /proc/PID/cgroup (cgroups(7)), where libsystemd
    /// drops it. Below a unit it is no matter; only root can make such a group above.
    private static func isMarkedDeleted(_ path: [UInt8]) -> Bool {
        path.suffix(10).elementsEqual(" (deleted)".utf8)
    }

    private func move(to path: [UInt8]) -> Bool {
        let descriptor = unsafe Self.call(path + Array("/cgroup.procs".utf8)) { unsafe open($0, O_WRONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let text = Array("\(process.processIdentifier)".utf8)
        // Reason: the digits live for the call.
        return unsafe text.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) } == text.count
    }

    private static func call(_ path: [UInt8], _ body: (UnsafePointer<CChar>) -> Int32) -> Int32 {
        let text = (path + [0]).map { CChar(bitPattern: $0) }
        // Reason: the path ends with NUL and lives for the call.
        return unsafe text.withUnsafeBufferPointer { unsafe $0.baseAddress.map { unsafe body($0) } ?? -1 }
    }
}
