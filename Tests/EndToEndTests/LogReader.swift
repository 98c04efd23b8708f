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

    private func readMore() -> Bool {
        let more = pipe.fileHandleForReading.availableData
        bytes += more
        return !more.isEmpty
    }
}
