import Foundation
import Testing

/// A control group of version 2 that a test makes. Needs root.
struct Cgroup {
    /// Below the mount point.
    let path: String
    private var made: [String] = []

    /// Where libsystemd looks for the hierarchy: that of a unified host, or the one beside version 1 of a hybrid host.
    static let root: String? = {
        let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
        let lines = mounts.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        let roots = lines.filter { $0.count > 2 && $0[2] == "cgroup2" }.map { $0[1] }
        return ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].first { roots.contains($0) }
    }()

    /// Whether a test can make any.
    static let isUsable: Bool = {
        guard geteuid() == 0, let root else { return false }
        return FileManager.default.isWritableFile(atPath: root)
    }()
    static let need: Comment = "needs root and a writable cgroup2 hierarchy"

    /// - Parameter path: Of names with slashes between them; a slice of the test's own is put before it.
    init(_ path: String) throws {
        let root = try #require(Self.root)
        self.path = "\(root)/signettest\(UUID().uuidString.prefix(8).lowercased()).slice/\(path)"
        var directory = root
        for name in self.path.dropFirst(root.count + 1).split(separator: "/") {
            directory += "/\(name)"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
            made.append(directory)
        }
    }

    /// Removes it and its parents, when what ran in it has ended.
    func remove() {
        // A group can be removed when its last process is gone, which may take a moment after the process was waited for.
        for directory in made.reversed() {
            for _ in 0..<200 where unsafe rmdir(directory) != 0 && errno == EBUSY { usleep(10_000) }
        }
    }

    /// The command that runs another one in the group.
    func running(_ command: [String]) -> [String] {
        ["/bin/sh", "-c", "echo $$ >\"$0/cgroup.procs\" && exec \"$@\"", path] + command
    }
}
