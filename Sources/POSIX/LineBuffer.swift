/// Cuts what a socket delivers into lines.
package struct LineBuffer: ~Copyable {
    private static let usualSize = 64 << 10
    /// A buffer that a long line has grown beyond this is given back, in bytes.
    private static let keptSize = 1 << 20

    /// Bytes, the LF included.
    private let longestLine: Int
    private var bytes = [UInt8](repeating: 0, count: usualSize)
    /// What was received and not yet taken: from `start` to `end`; no LF stands before `searched`.
    private var start = 0
    private var searched = 0
    private var end = 0

    /// - Parameter longestLine: The buffer grows up to this many bytes and no further.
    package init(longestLine: Int) { self.longestLine = longestLine }

    /// Whether what has no LF yet is as long as a line may be with its LF.
    package var isOverfull: Bool { end - start >= longestLine }

    /// Receives what is there: the number of bytes, 0 at the end of the stream, nil when there was nothing yet.
    package mutating func receive(from socket: borrowing Descriptor) throws(Errno) -> Int? {
        makeRoom()
        do throws(Errno) {
            let offset = end
            var span = bytes.mutableSpan
            let count = try UnixSocket.receiveWithoutWaiting(into: &span, from: offset, of: socket)
            end += count
            return count
        } catch {
            if error == .wouldBlock { return nil }
            throw error
        }
    }

    /// Where the next whole line stands, without its LF; good until `receive`.
    package mutating func nextLine() -> Range<Int>? {
        guard let lineFeed = LineFeed.first(in: bytes.span, from: searched, to: end) else {
            searched = end
            return nil
        }
        let line = start..<lineFeed
        start = lineFeed + 1
        searched = start
        return line
    }

    /// The bytes of a line.
    package borrowing func copy(_ line: Range<Int>) -> [UInt8] { Array(bytes[line]) }

    /// Whether a line begins with these bytes.
    package borrowing func line(_ line: Range<Int>, beginsWith prefix: [UInt8]) -> Bool {
        guard line.count >= prefix.count else { return false }
        for offset in 0..<prefix.count where bytes[line.lowerBound + offset] != prefix[offset] { return false }
        return true
    }

    private mutating func makeRoom() {
        if start == end {
            (start, searched, end) = (0, 0, 0)
            if bytes.count > Self.keptSize { bytes = [UInt8](repeating: 0, count: Self.usualSize) }
        }
        guard end == bytes.count else { return }
        // The rest of a line moves to the front; a line that fills the buffer doubles it.
        let room = start > 0 ? start : min(bytes.count, max(longestLine - bytes.count, 1))
        bytes.removeSubrange(0..<start)
        bytes += [UInt8](repeating: 0, count: room)
        (start, searched, end) = (0, searched - start, end - start)
    }
}
