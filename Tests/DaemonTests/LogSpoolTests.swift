@testable import Daemon
import Foundation
import POSIX
import Testing

/// A pipe whose reading end the test has.
private final class SlowReader {
    private let pipe = Pipe()

    func writingEnd(isBlocking: Bool = true) throws -> Descriptor {
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        if !isBlocking { try #require(fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0) }
        return Descriptor(owning: dup(descriptor))
    }

    /// How many bytes the pipe holds.
    var capacity: Int {
        // The constant has no name in Glibc's module.
        let F_GETPIPE_SZ: Int32 = 1_032
        return Int(fcntl(pipe.fileHandleForReading.fileDescriptor, F_GETPIPE_SZ))
    }

    /// Waits until there is no room in the pipe for one more byte.
    func awaitFull() {
        let descriptor = pipe.fileHandleForReading.fileDescriptor
        var count: Int32 = 0
        // Reason: ioctl(2) writes one int of this frame.
        while unsafe ioctl(descriptor, UInt(FIONREAD), &count) == 0, Int(count) < capacity { usleep(1_000) }
    }

    /// Reads until that many bytes have come.
    func read(_ count: Int) throws -> [UInt8] {
        var bytes = Data()
        while bytes.count < count {
            bytes += try #require(try pipe.fileHandleForReading.read(upToCount: count - bytes.count))
        }
        return Array(bytes)
    }

    /// Reads until a line holds the words.
    func read(to words: String) throws -> [String] {
        var bytes = Data()
        let words = Data(words.utf8)
        while bytes.range(of: words, in: max(0, bytes.count - 65_600)..<bytes.count) == nil || bytes.last != 0x0A {
            bytes += pipe.fileHandleForReading.availableData
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

@Suite("The spool of the log") struct LogSpoolTests {
    private func line(_ number: Int, _ length: Int = 0) -> [UInt8] {
        Array("line \(number) \(String(repeating: "x", count: length))\n".utf8)
    }

    @Test("Lines come out in order, and a close has all of them written")
    func order() throws {
        let reader = SlowReader()
        let spool = try LogSpool.start(on: StreamOutput(reader.writingEnd()))
        var expected: [UInt8] = []
        for number in 0..<1_000 {
            expected += line(number)
            if number % 2 == 0 { spool.append(line(number)) } else { spool.log(line(number)) }
        }
        spool.close(within: 60_000)
        #expect(try reader.read(expected.count) == expected)
        #expect(spool.faults.isEmpty)
    }

    @Test("A line that comes alone is written without a close")
    func alone() throws {
        let reader = SlowReader()
        let spool = try LogSpool.start(on: StreamOutput(reader.writingEnd()))
        for number in 0..<3 {
            spool.log(line(number))
            #expect(try reader.read(line(number).count) == line(number))
        }
        spool.close(within: 60_000)
    }

    @Test("A log that nobody reads keeps no one waiting; nothing that was taken is lost, and what was lost is counted")
    func unread() throws {
        let reader = SlowReader()
        let spool = try LogSpool.start(on: StreamOutput(reader.writingEnd()))
        // More than a pipe holds: who writes waits in its midst from now on.
        spool.append(line(0, 2 * reader.capacity))
        reader.awaitFull()
        var (signatures, ordinary) = (1, 0)
        while spool.hasRoom {
            spool.append(line(signatures, 1_000))
            signatures += 1
        }
        #expect(spool.faults == ["the log is full: what reads standard error is too slow"])
        // Twice the room that ordinary lines still have.
        while ordinary < 2 * (LogSpool.roomForOrdinaryLines - LogSpool.room) / 1_000 {
            spool.log(line(ordinary, 1_000))
            ordinary += 1
        }
        let lines = try reader.read(to: "warning: lost lines=")
        let count = try #require(lines.last?.split(separator: " ").first { $0.hasPrefix("lines=") })
        let lost = try #require(Int(count.dropFirst("lines=".count)))
        #expect(lines.count == signatures + ordinary - lost + 1)
        #expect(lost > 0)
        #expect(lines.last == #"signetd: warning: lost lines=\#(lost) reason="the log was full""#)
        spool.log(line(7))
        #expect(try reader.read(line(7).count) == line(7))
        #expect(spool.hasRoom)
        #expect(spool.faults.isEmpty)
        spool.close(within: 60_000)
    }

    @Test("What cannot be written is a fault, and is written when it can be")
    func failure() throws {
        let reader = SlowReader()
        let spool = try LogSpool.start(on: StreamOutput(reader.writingEnd(isBlocking: false)))
        var expected: [UInt8] = []
        // More than the pipe holds, and less than the spool.
        for number in 0..<(2 * reader.capacity / 1_000) {
            spool.append(line(number, 1_000))
            expected += line(number, 1_000)
        }
        while spool.faults.isEmpty { usleep(1_000) }
        #expect(spool.faults.first?.hasPrefix("the log cannot be written: ") == true)
        #expect(try reader.read(expected.count) == expected)
        spool.close(within: 60_000)
    }

    @Test("A close waits for nothing that can never be written")
    func deviceFull() throws {
        // Reason: open(2) reads the path for the call.
        let full = unsafe open("/dev/full", O_WRONLY)
        try #require(full >= 0)
        let spool = try LogSpool.start(on: StreamOutput(Descriptor(owning: full)))
        spool.log(line(1))
        // An hour: the test would hang.
        spool.close(within: 3_600_000)
        #expect(spool.faults.first?.hasPrefix("the log cannot be written: ") == true)
    }
}
