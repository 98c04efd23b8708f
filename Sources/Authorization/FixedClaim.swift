package import StrictJSON

/// A claim that every token of a profile carries and no caller can set.
package struct FixedClaim: Sendable {
    package let name: ByteString
    /// The value: joined, with the callers' values in their places, the pieces are compact JSON.
    package let value: [Piece]

    package enum Piece: Equatable, Sendable {
        case json([UInt8])
        /// Inside of a JSON string, where no text that it has needs an escape.
        case caller(CallerValue)
    }

    package init(name: ByteString, value: [Piece]) {
        self.name = name
        self.value = value
    }

    /// One that is the same in every token.
    package init(name: ByteString, json: [UInt8]) { self.init(name: name, value: [.json(json)]) }
}
