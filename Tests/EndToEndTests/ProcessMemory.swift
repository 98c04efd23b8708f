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

    /// How many descriptors it has open.
    func descriptors() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.processIdentifier)/fd").count
    }
}
