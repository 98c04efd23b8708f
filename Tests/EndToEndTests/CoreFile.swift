import Foundation
import Testing

/// Core files, where the kernel writes them for a test: by a name alone, so into the directory of the process.
enum CoreFile {
    static let isWritten: Bool = {
        let file = try? String(contentsOfFile: "/proc/sys/kernel/core_pattern", encoding: .utf8)
        let pattern = file?.trimmingCharacters(in: .newlines) ?? ""
        return !pattern.isEmpty && !pattern.contains("/") && !pattern.hasPrefix("|")
    }()
    static let advice: Comment = "cores go elsewhere here; sysctl kernel.core_pattern=core"

    /// What runs a program in that directory, without a limit on its core, and with no signal blocked, as the test
    /// runner's own processes have.
    static func wrapper(_ directory: String) -> [String] {
        let script = """
            import os, resource, signal, sys
            os.chdir(sys.argv[1])
            resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            os.execvp(sys.argv[2], sys.argv[2:])
            """
        return [Program.python.path, "-c", script, directory]
    }

    /// The one core in a directory; nil: there is none.
    static func look(in directory: String) throws -> String? {
        let files = try FileManager.default.contentsOfDirectory(atPath: directory).map { "\(directory)/\($0)" }
        let cores = files.filter { file in
            (try? FileHandle(forReadingFrom: URL(filePath: file)).read(upToCount: 17))
                .map { $0.count == 17 && $0.starts(with: [0x7F, 0x45, 0x4C, 0x46]) && $0[16] == 4 } ?? false
        }
        try #require(cores.count <= 1)
        return cores.first
    }

    static func find(in directory: String) throws -> String {
        try #require(try look(in: directory), "no core was written to \(directory)")
    }
}

extension Process {
    /// Waits until it is stopped by a signal; false when it has ended instead.
    func waitUntilStopped() -> Bool {
        while isRunning {
            let stat = (try? String(contentsOfFile: "/proc/\(processIdentifier)/stat", encoding: .utf8)) ?? ""
            // The name of the program, in parentheses, is the second field.
            if stat.split(separator: ")").last?.hasPrefix(" T") ?? false { return true }
            usleep(1_000)
        }
        return false
    }

    /// What rule MEM-2 asks of a process that this one does not fulfil.
    func faultsOfHardening() throws -> [String] {
        let proc = "/proc/\(processIdentifier)"
        let limits = try String(contentsOfFile: "\(proc)/limits", encoding: .utf8)
        let core = limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") } ?? ""
        let status = try String(contentsOfFile: "\(proc)/status", encoding: .utf8)
        var faults: [String] = []
        if core.split(separator: " ").filter({ $0 == "0" }).count != 2 { faults.append("core limit: \(core)") }
        // What a thread may not, those that it starts may not either.
        let threads = try FileManager.default.contentsOfDirectory(atPath: "\(proc)/task")
        let states = threads.map { (try? String(contentsOfFile: "\(proc)/task/\($0)/status", encoding: .utf8)) ?? "" }
        if !states.contains(where: { $0.contains("NoNewPrivs:\t1") }) { faults.append("new privileges") }
        // Swift's runtime would print registers, and what stands where they point.
        let line = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") } ?? ""
        let caught = line.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) } ?? .max
        let crashes = [SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV]
        for signal in crashes where caught & 1 << UInt64(signal - 1) != 0 { faults.append("catches signal \(signal)") }
        return faults
    }
}
