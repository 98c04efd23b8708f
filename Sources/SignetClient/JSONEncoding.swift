/// The standard library's `Encoder` over JSON: one value of a type that encodes itself becomes one node.
///
/// Each container has one generic `encode`; the value itself decides in ``encode(_:)`` what it is. Integers of any width are
/// written digit by digit, doubles by their shortest digits; infinities and NaN are refused.
struct JSONEncoding: Encoder {
    let node: JSONNode
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// Writes any value into the node.
    func encode<Value: Encodable>(_ value: Value) throws {
        switch value {
        case let text as String: node.set(JSON(text))
        case let bool as Bool: node.set(JSON(bool))
        case let json as JSON: node.set(json)
        case let integer as any FixedWidthInteger: node.set(JSON(integer))
        case let double as Double: node.set(try finite(JSON(double), double))
        case let float as Float: node.set(try finite(JSON(float), float))
        default: try value.encode(to: self)
        }
    }

    private func finite(_ json: JSON?, _ value: any FloatingPoint) throws -> JSON {
        if let json { return json }
        let context = EncodingError.Context(codingPath: codingPath, debugDescription: "a JSON number is finite")
        throw EncodingError.invalidValue(value, context)
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        node.becomeObject()
        return KeyedEncodingContainer(KeyedEncoding(object: node, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        node.becomeArray()
        return UnkeyedEncoding(array: node, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }
}

extension JSONEncoding: SingleValueEncodingContainer {
    func encodeNil() { node.set(nil) }
}

private struct KeyedEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let object: JSONNode
    let codingPath: [any CodingKey]

    private func encoder(for key: some CodingKey) -> JSONEncoding {
        JSONEncoding(node: object.addMember(key.stringValue), codingPath: codingPath + [key])
    }

    func encodeNil(forKey key: Key) { encoder(for: key).encodeNil() }
    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws { try encoder(for: key).encode(value) }
    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> { encoder(for: key).container(keyedBy: type) }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        encoder(for: key).unkeyedContainer()
    }
    func superEncoder() -> any Encoder { encoder(for: SuperKey()) }
    func superEncoder(forKey key: Key) -> any Encoder { encoder(for: key) }
}

private struct UnkeyedEncoding: UnkeyedEncodingContainer {
    let array: JSONNode
    let codingPath: [any CodingKey]
    var count: Int { array.count }

    private func nextEncoder() -> JSONEncoding {
        let key = PositionKey(count)
        return JSONEncoding(node: array.addElement(), codingPath: codingPath + [key])
    }

    func encodeNil() { nextEncoder().encodeNil() }
    func encode<Value: Encodable>(_ value: Value) throws { try nextEncoder().encode(value) }
    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        nextEncoder().container(keyedBy: type)
    }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { nextEncoder().unkeyedContainer() }
    func superEncoder() -> any Encoder { nextEncoder() }
}
