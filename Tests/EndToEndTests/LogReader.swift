import Foundation

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

    private func readMore() -> Bool {
        let more = pipe.fileHandleForReading.availableData
        bytes += more
        return !more.isEmpty
    }
}
