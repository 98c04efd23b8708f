internal import WireProtocol

extension JSON {
    /// The JSON of a value that can encode itself: integers of any width digit by digit, doubles by their shortest digits.
    ///
    /// Two members of one name are both written, and the daemon refuses them.
    /// - Throws: Where something stands that JSON cannot write, such as an infinite number.
    public init(encoding value: some Encodable) throws(InvalidJSON) {
        let node = JSONNode()
        do {
            try JSONEncoding(node: node, codingPath: []).encode(value)
        } catch {
            throw InvalidJSON(error)
        }
        var bytes: [UInt8] = []
        node.write(to: &bytes)
        self.init(CompactJSON(compact: bytes))
    }

    /// The value as a type that can decode itself. Names are compared byte for byte; a number is an integer only if it is
    /// written without point and exponent, and fits.
    /// - Throws: Which place does not fit the type, never what stands there.
    public func decode<Value: Decodable>(as type: Value.Type = Value.self) throws(InvalidJSON) -> Value {
        do { return try JSONDecoding(json: self).decode(type) } catch { throw InvalidJSON(error) }
    }
}

extension JSON: Codable {
    /// As itself by this library; by another encoder as the values that it consists of.
    public func encode(to encoder: any Encoder) throws {
        if let members {
            var container = encoder.container(keyedBy: NameKey.self)
            for member in members { try container.encode(member.value, forKey: NameKey(member.name)) }
        } else if let elements {
            var container = encoder.unkeyedContainer()
            for element in elements { try container.encode(element) }
        } else {
            var container = encoder.singleValueContainer()
            if isNull {
                try container.encodeNil()
            } else if let bool {
                try container.encode(bool)
            } else if let string {
                try container.encode(string)
            } else if let integer {
                try container.encode(integer)
            } else if let large = UInt64(text) {
                try container.encode(large)
            } else if let double {
                try container.encode(double)
            } else {
                let context = EncodingError.Context(codingPath: encoder.codingPath, debugDescription: "too large")
                throw EncodingError.invalidValue(self, context)
            }
        }
    }

    /// As itself from this library; from another decoder as far as it tells values apart.
    public init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: NameKey.self) {
            var members: [(String, JSON)] = []
            for key in container.allKeys {
                members.append((key.stringValue, try container.decode(JSON.self, forKey: key)))
            }
            self.init(members: members)
        } else if var container = try? decoder.unkeyedContainer() {
            var elements: [JSON] = []
            while !container.isAtEnd { elements.append(try container.decode(JSON.self)) }
            self.init(elements)
        } else {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = nil
            } else if let bool = try? container.decode(Bool.self) {
                self.init(bool)
            } else if let string = try? container.decode(String.self) {
                self.init(string)
            } else if let integer = try? container.decode(Int64.self) {
                self.init(integer)
            } else if let integer = try? container.decode(UInt64.self) {
                self.init(integer)
            } else if let json = JSON(try container.decode(Double.self)) {
                self = json
            } else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "a JSON number is finite")
            }
        }
    }

    private struct NameKey: CodingKey {
        let stringValue: String
        init(_ name: String) { stringValue = name }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
        var intValue: Int? { nil }
    }
}
