internal import WireProtocol

/// The standard library's `Decoder` over one JSON value.
///
/// Member names are compared byte for byte. A number is read as an integer only if it is written as one and fits.
struct JSONDecoding: Decoder {
    let json: JSON
    var codingPath: [any CodingKey] = []
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// Reads the value as any type.
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let value: Any?
        if type == String.self {
            value = json.string
        } else if type == Bool.self {
            value = json.bool
        } else if type == JSON.self {
            value = json
        } else if type == Double.self {
            value = json.double
        } else if type == Float.self {
            value = number.flatMap(Float.init).flatMap { $0.isFinite ? $0 : nil }
        } else if let integer = type as? any FixedWidthInteger.Type {
            value = exactly(integer)
        } else {
            return try Value(from: self)
        }
        guard let value = value as? Value else { throw mismatch(type) }
        return value
    }

    /// The digits of a number.
    private var number: String? {
        guard let first = json.utf8.first, first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") < 10 else {
            return nil
        }
        return json.text
    }

    private func exactly<Integer: FixedWidthInteger>(_ type: Integer.Type) -> Integer? {
        number.flatMap { Integer($0) }
    }

    private func mismatch(_ type: Any.Type) -> DecodingError {
        let context = DecodingError.Context(codingPath: codingPath, debugDescription: "not what was expected")
        return json.isNull ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard let members = json.members else { throw mismatch([String: JSON].self) }
        return KeyedDecodingContainer(KeyedDecoding(members, codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard let elements = json.elements else { throw mismatch([JSON].self) }
        return UnkeyedDecoding(elements: elements, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }
}

extension JSONDecoding: SingleValueDecodingContainer {
    func decodeNil() -> Bool { json.isNull }
}

private struct KeyedDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let codingPath: [any CodingKey]
    let allKeys: [Key]
    /// By the bytes of their names: `String` would merge names that Unicode calls equivalent.
    private let members: [[UInt8]: JSON]

    init(_ members: [(name: String, value: JSON)], _ codingPath: [any CodingKey]) {
        self.codingPath = codingPath
        allKeys = members.compactMap { Key(stringValue: $0.name) }
        self.members = Dictionary(members.map { (Array($0.name.utf8), $0.value) }) { $1 }
    }

    private func member(_ key: some CodingKey) -> JSON? { members[Array(key.stringValue.utf8)] }

    private func decoder(for key: some CodingKey) throws -> JSONDecoding {
        guard let json = member(key) else {
            let context = DecodingError.Context(codingPath: codingPath, debugDescription: "missing")
            throw DecodingError.keyNotFound(key, context)
        }
        return JSONDecoding(json: json, codingPath: codingPath + [key])
    }

    func contains(_ key: Key) -> Bool { member(key) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try decoder(for: key).decodeNil() }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try decoder(for: key).decode(type)
    }
    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try decoder(for: key).container(keyedBy: type) }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder(for: key).unkeyedContainer()
    }
    func superDecoder() throws -> any Decoder { try decoder(for: SuperKey()) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(for: key) }
}

private struct UnkeyedDecoding: UnkeyedDecodingContainer {
    let elements: [JSON]
    let codingPath: [any CodingKey]
    private(set) var currentIndex = 0
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex == elements.count }

    init(elements: [JSON], codingPath: [any CodingKey]) {
        self.elements = elements
        self.codingPath = codingPath
    }

    /// Goes on only if `read` succeeds, so that another type may be tried.
    private mutating func next<Result>(_ read: (JSONDecoding) throws -> Result) throws -> Result {
        let path = codingPath + [PositionKey(currentIndex)]
        guard !isAtEnd else {
            let context = DecodingError.Context(codingPath: path, debugDescription: "the array is at its end")
            throw DecodingError.valueNotFound(Result.self, context)
        }
        let result = try read(JSONDecoding(json: elements[currentIndex], codingPath: path))
        currentIndex += 1
        return result
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd else { return try next { $0.decodeNil() } }
        guard elements[currentIndex].isNull else { return false }
        currentIndex += 1
        return true
    }
    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try next { try $0.decode(type) } }
    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> { try next { try $0.container(keyedBy: type) } }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try next { try $0.unkeyedContainer() }
    }
    mutating func superDecoder() throws -> any Decoder { try next { $0 } }
}
