import Foundation
import Testing

/// The standard error of a process, read as it comes. Waiting is for a line or for the end, never for a time.
final class LogReader {
    let pipe = Pipe()
    private var bytes = Data()
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Reads until a line holds `words`; false when the process ended before.
    func wait(for words: String) -> Bool {
        while !text.contains(words) { if !readMore() { return false } }
        return true
    }

    /// Reads to the end.
    func rest() -> String {
        while readMore() {}
        return text
    }

    /// Reads and forgets all that comes from now on, so that who writes much never waits for a reader.
    func discard() {
        pipe.fileHandleForReading.readabilityHandler = { if $0.availableData.isEmpty { $0.readabilityHandler = nil } }
    }

    /// Reads to the end on a thread of its own; the function that comes back waits for the end and has what came.
    func inBackground() -> () -> String {
        let handle = pipe.fileHandleForReading
        let rest = Rest()
        let thread = Thread { rest.finish(handle.readDataToEndOfFile()) }
        thread.start()
        return { String(decoding: rest.wait(), as: UTF8.self) }
    }

    private final class Rest: @unchecked Sendable {
        private var data = Data()
        private let isDone = DispatchSemaphore(value: 0)

        func finish(_ data: Data) {
            self.data = data
            isDone.signal()
        }

        func wait() -> Data {
            isDone.wait()
            return data
        }
    }

    /// Fills the pipe, so that whoever writes to it waits for a reader.
    func fill() throws {
        let path = "/proc/self/fd/\(pipe.fileHandleForReading.fileDescriptor)"
        // Reason: open(2) reads the path, write(2) memory that lives for the call.
        let writer = unsafe open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        try #require(writer >= 0)
        defer { close(writer) }
        // Lines, so that what comes behind them begins a line; the last ones byte by byte.
        let line = String(repeating: ".", count: 127) + "\n"
        while unsafe write(writer, line, 128) == 128 {}
        while unsafe write(writer, "\n", 1) == 1 {}
    }

    private func readMore() -> Bool {
        let more = pipe.fileHandleForReading.availableData
        bytes += more
        return !more.isEmpty
    }
}

extension String {
    /// The warnings of a log, but for that of tests which run as root.
    var warnings: [String] {
        components(separatedBy: "\n").filter { $0.contains("warning") && !$0.contains("warning: runs as root") }
    }
}
