internal import StrictJSON

/// The position of an array's element.
struct PositionKey: CodingKey {
    let position: Int
    init(_ position: Int) { self.position = position }
    init(intValue: Int) { position = intValue }
    init?(stringValue: String) { nil }
    var intValue: Int? { position }
    var stringValue: String { "\(position)" }
}

/// Where a class keeps what its superclass encodes, unless it says otherwise.
struct SuperKey: CodingKey {
    init() {}
    init?(intValue: Int) { nil }
    init?(stringValue: String) { nil }
    var intValue: Int? { nil }
    var stringValue: String { "super" }
}

extension InvalidJSON {
    /// Names the place, and never the value there.
    init(_ error: any Error) {
        message =
            switch error {
            case DecodingError.keyNotFound(let key, let context): "\(Self.place(context.codingPath + [key])) is missing"
            case DecodingError.typeMismatch(let type, let context): "\(Self.place(context.codingPath)) is no \(type)"
            case DecodingError.valueNotFound(let type, let context):
                "\(Self.place(context.codingPath)) is null or missing, and no \(type)"
            case DecodingError.dataCorrupted(let context):
                "\(Self.place(context.codingPath)) is not what its type takes"
            case EncodingError.invalidValue(_, let context):
                "\(Self.place(context.codingPath)) cannot be written as JSON"
            default: "the value does not fit its type"
            }
    }

    /// As `address.lines[0]`; names that hold anything odd are quoted and escaped, for they may be a stranger's.
    private static func place(_ path: [any CodingKey]) -> String {
        var text = ""
        for key in path {
            if key is PositionKey {
                text += "[\(key.stringValue)]"
                continue
            }
            if !text.isEmpty { text += "." }
            let isPlain = key.stringValue.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "_") || byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26
            }
            text += isPlain ? key.stringValue : ByteString(key.stringValue).quoted
        }
        return text.isEmpty ? "the value" : text
    }
}
