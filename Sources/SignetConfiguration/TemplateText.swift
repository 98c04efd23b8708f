import StrictJSON

/// What may stand in braces in a string of a fixed claim, and is said of whoever asks for the token.
package enum TemplateName: String, CaseIterable, Sendable {
    case user, uid, group, gid, unit
    /// Of the machine that the daemon runs on.
    case hostname
}

/// A string of a fixed claim, taken apart. `{{` and `}}` are the braces themselves.
struct TemplateText {
    enum Piece: Equatable {
        case text([UInt8])
        case value(TemplateName)
    }

    private(set) var pieces: [Piece] = []

    /// What is wrong with a text.
    enum Fault: Error, Equatable {
        case unknown(ByteString)
        /// A brace without its partner.
        case unbalanced
    }

    init(_ text: ByteString) throws(Fault) {
        let bytes = text.bytes
        var literal: [UInt8] = []
        var position = 0
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            guard byte == Self.open || byte == Self.close else {
                literal.append(byte)
                continue
            }
            if position < bytes.count, bytes[position] == byte {
                literal.append(byte)
                position += 1
                continue
            }
            guard byte == Self.open, let end = bytes[position...].firstIndex(of: Self.close) else {
                throw .unbalanced
            }
            let word = ByteString(Array(bytes[position..<end]))
            guard let name = TemplateName.allCases.first(where: { ByteString($0.rawValue) == word }) else {
                throw word.bytes.contains(Self.open) ? .unbalanced : .unknown(word)
            }
            if !literal.isEmpty { pieces.append(.text(literal)) }
            literal = []
            pieces.append(.value(name))
            position = end + 1
        }
        if !literal.isEmpty { pieces.append(.text(literal)) }
    }

    private static let open = UInt8(ascii: "{")
    private static let close = UInt8(ascii: "}")
}
