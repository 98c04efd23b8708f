internal import StrictJSON
internal import WireProtocol

/// One JSON value, kept as its text: numbers, escapes and the order of members are never changed (12345678901234567890
/// stays what it is, and so does 1.0).
///
/// Written as Swift literals, or read from text:
///
///     let claims: JSON = ["sub": "user-1", "roles": ["admin", "user"], "level": 3, "note": nil]
///     let same = try JSON(parsing: #"{"sub": "user-1"}"#)
///
/// Looking something up reads the text anew, a microsecond or so for the claims of a token: keep what you need often.
/// Two values are equal when their texts are, byte for byte, white space between tokens aside.
public struct JSON: Hashable, Sendable {
    let compact: CompactJSON

    init(_ compact: CompactJSON) { self.compact = compact }

    /// Reads text as exactly one value (RFC 8259; duplicate member names are refused at every depth).
    /// - Throws: Why it is not JSON.
    public init(parsing text: some StringProtocol) throws(InvalidJSON) {
        try self.init(parsingUTF8: Array(text.utf8))
    }

    /// Reads UTF-8 bytes as exactly one value (RFC 8259; duplicate member names are refused at every depth).
    /// - Throws: Why they are not JSON.
    public init(parsingUTF8 bytes: [UInt8]) throws(InvalidJSON) {
        do throws(JSONError) {
            compact = try CompactJSON(parsing: bytes.span)
        } catch {
            throw InvalidJSON(message: error.message(in: bytes.span))
        }
    }

    /// The JSON text, without white space between its tokens.
    public var text: String { String(decoding: compact.bytes, as: UTF8.self) }

    /// The bytes of `text`.
    public var utf8: [UInt8] { compact.bytes }

    /// Whether it is `null`.
    public var isNull: Bool { compact == .null }

    /// The value as a Boolean; nil when it is something else.
    public var bool: Bool? {
        if compact == .bool(true) { return true }
        return compact == .bool(false) ? false : nil
    }

    /// The text of a string, its escapes resolved; nil when it is something else.
    ///
    /// Compare what decides by bytes (`Array(a.utf8) == Array(b.utf8)`): Swift's `==` on strings is Unicode equivalence.
    public var string: String? {
        withRoot { root, bytes in
            root.text.map { String(decoding: $0.unescaped(in: bytes), as: UTF8.self) }
        }
    }

    /// A number that is written without point and exponent and fits 64 bits; nil when it is something else.
    public var integer: Int64? { withRoot { root, bytes in root.integer(in: bytes) } }

    /// A number as the nearest double; nil when it is something else or beyond what a double holds.
    public var double: Double? { withRoot { root, bytes in root.double(in: bytes) } }

    /// The elements of an array; nil when it is something else.
    public var elements: [JSON]? {
        withRoot { root, bytes in
            guard root.kind == .array else { return nil }
            var reader = JSONArrayReader(root)
            var elements: [JSON] = []
            while let element = reader.next(in: bytes) { elements.append(JSON(CompactJSON(element, in: bytes))) }
            return elements
        }
    }

    /// The members of an object in their order; nil when it is something else.
    public var members: [(name: String, value: JSON)]? {
        var members: [(name: String, value: JSON)] = []
        let isObject = forEachMember { name, value, bytes in
            let text = String(decoding: name.unescaped(in: bytes), as: UTF8.self)
            members.append((text, JSON(CompactJSON(value, in: bytes))))
            return true
        }
        return isObject ? members : nil
    }

    /// The member of that name, compared byte for byte; nil when there is none, or no object.
    public subscript(name: String) -> JSON? {
        let wanted = Array(name.utf8)
        var found: JSON?
        forEachMember { name, value, bytes in
            guard name.equals(wanted.span, in: bytes) else { return true }
            found = JSON(CompactJSON(value, in: bytes))
            return false
        }
        return found
    }

    private func withRoot<Result>(_ body: (JSONValue, Span<UInt8>) -> Result?) -> Result? {
        var index = JSONIndex()
        let bytes = compact.bytes.span
        guard (try? index.read(bytes, maximumDepth: .max, indexedDepth: 0)) != nil else { return nil }
        return body(index.root, bytes)
    }

    /// Calls `body` with each member until it returns false. Returns whether the value is an object.
    @discardableResult
    private func forEachMember(_ body: (JSONText, JSONValue, Span<UInt8>) -> Bool) -> Bool {
        var index = JSONIndex()
        let bytes = compact.bytes.span
        guard (try? index.read(bytes, maximumDepth: .max, indexedDepth: 1)) != nil, index.root.kind == .object else {
            return false
        }
        var position = index.root.firstMember
        while position >= 0 {
            let member = index.members[position]
            guard body(member.name, member.value, bytes) else { break }
            position = member.next
        }
        return true
    }
}

/// Why text is not JSON, or why a value and a type do not fit.
public struct InvalidJSON: Error, Equatable, Sendable {
    /// One clause for a person: names the place by its offset in bytes, or by the names that lead there.
    public let message: String
}

extension JSON: CustomStringConvertible {
    /// The JSON text.
    public var description: String { text }
}
