internal import WireProtocol

extension JSON: ExpressibleByNilLiteral {
    /// `null`.
    public init(nilLiteral: ()) { self.init(.null) }
}

extension JSON: ExpressibleByBooleanLiteral {
    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self.init(value) }

    /// `true` or `false`.
    public init(_ value: Bool) { self.init(CompactJSON.bool(value)) }
}

extension JSON: ExpressibleByIntegerLiteral {
    /// An integer, digit by digit; 128 bits, so that every 64-bit one can be written.
    public init(integerLiteral value: Int128) { self.init(value) }

    /// An integer of any width, digit by digit.
    public init(_ value: some BinaryInteger) { self.init(CompactJSON.integer(value)) }
}

extension JSON: ExpressibleByFloatLiteral {
    /// The shortest digits that read back as the same double: 1.0 is written `1.0`. A literal beyond the doubles is a
    /// programmer's error and stops the program.
    public init(floatLiteral value: Double) {
        guard let json = JSON(value) else { preconditionFailure("a JSON number is finite") }
        self = json
    }

    /// The shortest digits that read back as the same double; nil for infinities and NaN.
    public init?(_ value: Double) {
        guard let json = CompactJSON.double(value) else { return nil }
        self.init(json)
    }

    /// The shortest digits that read back as the same float; nil for infinities and NaN.
    public init?(_ value: Float) {
        guard value.isFinite else { return nil }
        self.init(CompactJSON(compact: Array(value.description.utf8)))
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    /// A string.
    public init(stringLiteral value: String) { self.init(value) }

    /// A string.
    public init(_ value: String) { self.init(CompactJSON.string(value)) }
}

extension JSON: ExpressibleByArrayLiteral {
    /// An array of any JSON values.
    public init(arrayLiteral elements: JSON...) { self.init(elements) }

    /// An array of any JSON values.
    public init(_ elements: [JSON]) { self.init(CompactJSON.array(elements.lazy.map(\.compact))) }
}

extension JSON: ExpressibleByDictionaryLiteral {
    /// An object, its members in this order. A name that stands twice is written twice, and the daemon refuses it.
    public init(dictionaryLiteral members: (String, JSON)...) { self.init(members: members) }

    /// An object, its members in this order. A name that stands twice is written twice, and the daemon refuses it.
    public init(members: [(String, JSON)]) {
        self.init(CompactJSON.object(members.lazy.map { (name: $0.0, value: $0.1.compact) }))
    }
}
