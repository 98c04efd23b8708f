internal import POSIX

/// The lines of standard input, as they come.
struct InputLines {
    struct Line: Sendable {
        /// From 1, blank ones counted.
        let number: Int
        /// Bytes of the input up to the end of the line.
        let end: Int
        /// nil: longer than `longest`.
        let bytes: [UInt8]?
    }

    /// In bytes; more than the longest request line that a daemon can be told to take.
    static let longest = 2 << 20
    private static let chunkSize = 64 << 10

    private var number = 0
    private var end = 0
    /// What has no LF yet.
    private var rest: [UInt8] = []
    private var isOverlong = false
    private var isAtEnd = false

    /// Waits for input and returns the lines that it ends, perhaps none; nil at the end of the input.
    mutating func next() async throws(Errno) -> [Line]? {
        if isAtEnd { return nil }
        let chunk = try await Self.read()
        var lines: [Line] = []
        var start = 0
        while let lineFeed = LineFeed.first(in: chunk.span, from: start, to: chunk.count) {
            lines.append(finishLine(with: chunk[start..<lineFeed], lineFeed: 1))
            start = lineFeed + 1
        }
        keep(chunk[start...])
        if chunk.isEmpty {
            isAtEnd = true
            // The last line needs no LF.
            if !rest.isEmpty || isOverlong { lines.append(finishLine(with: [], lineFeed: 0)) }
        }
        return lines
    }

    private mutating func keep(_ bytes: ArraySlice<UInt8>) {
        end += bytes.count
        if rest.count + bytes.count > Self.longest { isOverlong = true }
        if isOverlong { rest = [] } else { rest += bytes }
    }

    private mutating func finishLine(with bytes: ArraySlice<UInt8>, lineFeed: Int) -> Line {
        keep(bytes)
        end += lineFeed
        number += 1
        defer { (rest, isOverlong) = ([], false) }
        return Line(number: number, end: end, bytes: isOverlong ? nil : rest)
    }

    /// Some bytes; none at the end. A thread of its own waits for them: those of Swift's pool have other things to do.
    private static func read() async throws(Errno) -> [UInt8] {
        let result: Result<[UInt8], Errno> = await withCheckedContinuation { continuation in
            do throws(Errno) {
                _ = try Thread {
                    do throws(Errno) {
                        continuation.resume(returning: .success(try StandardStream.input.read(atMost: chunkSize)))
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }
}
