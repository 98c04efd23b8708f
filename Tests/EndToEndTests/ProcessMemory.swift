import Foundation
import Testing

/// What the kernel says of a daemon's memory and descriptors.
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

    /// How many descriptors it has open.
    func descriptors() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.processIdentifier)/fd").count
    }
}
