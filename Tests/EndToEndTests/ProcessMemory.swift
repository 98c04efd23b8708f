import Foundation
import Testing

/// What the kernel says of a daemon's memory, descriptors and time.
extension TestDaemon {
    /// A size of /proc/PID/status, in bytes.
    func memory(_ name: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("\(name):") })
        return try #require(line.split(whereSeparator: { " \t".contains($0) }).compactMap { Int($0) }.first) << 10
    }

    /// What is resident of the mappings that are locked and left out of dumps, in bytes: the arena.
    func lockedMemory() throws -> Int {
        let file = try #require(FileHandle(forReadingAtPath: "/proc/\(process.processIdentifier)/smaps"))
        let maps = String(decoding: file.readDataToEndOfFile(), as: UTF8.self)
        var (resident, sum) = (0, 0)
        for line in maps.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.first == "Rss:" { resident = Int(words[1]) ?? 0 }
            if words.first == "VmFlags:", words.contains("lo"), words.contains("dd") { sum += resident << 10 }
        }
        return sum
    }

    /// What the daemon has written to of what is resident for it alone, in bytes. Pages of its program are its own, too,
    /// while no other daemon runs.
    func privateMemory() throws -> Int {
        let rollup = try String(contentsOfFile: "/proc/\(process.processIdentifier)/smaps_rollup", encoding: .utf8)
        let line = try #require(rollup.split(separator: "\n").first { $0.hasPrefix("Private_Dirty:") })
        return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) }) << 10
    }

    /// How long processors have worked for it, in seconds.
    func processorTime() throws -> Double {
        let stat = try String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)
        // The name of the program, in parentheses, is the second field; utime and stime are the 14th and 15th.
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        try #require(fields.count > 12)
        let ticks = try #require(Double(fields[11])) + #require(Double(fields[12]))
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Stops it by SIGSTOP, and returns when each of its threads stands: one that runs just then goes on for a moment.
    func standStill() throws {
        signal(SIGSTOP)
        let tasks = "/proc/\(process.processIdentifier)/task"
        try awaitResult("all threads stand") {
            let threads = try FileManager.default.contentsOfDirectory(atPath: tasks)
            let areStopped = threads.allSatisfy { thread in
                // The name of the program, in parentheses, is the second field; the state is the third.
                let stat = (try? String(contentsOfFile: "\(tasks)/\(thread)/stat", encoding: .utf8)) ?? ""
                return stat.lastIndex(of: ")").map { stat[$0...].hasPrefix(") T") } ?? true
            }
            return areStopped ? true : nil
        }
    }

    /// How many descriptors it has open.
    func descriptors() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.processIdentifier)/fd").count
    }
}
