/// The elements of an array that an index found valid, one after another.
///
/// The array is scanned again, so the index need not remember elements that nobody asks for.
package struct JSONArrayReader {
    private var index = JSONIndex()
    private var scanner: JSONScanner
    private let end: Int

    /// - Parameter array: A value of kind `.array` from an index over the same bytes.
    package init(_ array: JSONValue) {
        scanner = JSONScanner(maximumDepth: .max)
        scanner.position = array.start + 1
        end = array.end - 1
    }

    /// The next element; nil at the end. Members of objects in it are not indexed.
    package mutating func next(in bytes: Span<UInt8>) -> JSONValue? {
        scanner.skipWhiteSpace(in: bytes)
        if scanner.take(UInt8(ascii: ","), in: bytes) { scanner.skipWhiteSpace(in: bytes) }
        guard scanner.position < end else { return nil }
        return try? index.readElement(&scanner, bytes)
    }
}
