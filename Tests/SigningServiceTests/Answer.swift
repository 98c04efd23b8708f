import JOSE
import StrictJSON
import Testing

/// One JSON object, read strictly: an answer line, or a decoded part of a token.
struct JSONObject {
    let bytes: [UInt8]
    private let index: JSONIndex

    init(_ bytes: [UInt8]) throws {
        self.bytes = bytes
        var index = JSONIndex()
        try index.read(bytes.span, maximumDepth: 64, indexedDepth: 1)
        self.index = index
        try #require(index.root.kind == .object)
    }

    /// Names of the members in order.
    var names: [ByteString] { members.map(\.name) }

    /// The raw text of a member's value; nil when there is none.
    func raw(_ name: ByteString) -> ByteString? { members.first { $0.name == name }?.raw }

    /// The unescaped string of that member.
    func string(_ name: ByteString) throws -> String {
        let value = try #require(members.first { $0.name == name }?.value, "no \(name.text)")
        let text = try #require(value.text, "\(name.text) is no string")
        return String(decoding: text.unescaped(in: bytes.span), as: UTF8.self)
    }

    func integer(_ name: ByteString) throws -> Int64 {
        let value = try #require(members.first { $0.name == name }?.value, "no \(name.text)")
        let integer = value.integer(in: bytes.span)
        return try #require(integer, "\(name.text) is no integer")
    }

    func object(_ name: ByteString) throws -> JSONObject {
        try JSONObject(try #require(raw(name), "no \(name.text) in \(ByteString(bytes).text)").bytes)
    }

    private struct Member {
        let name: ByteString
        let value: JSONValue
        let raw: ByteString
    }

    private var members: [Member] {
        var found: [Member] = []
        var position = index.root.firstMember
        while position >= 0 {
            let member = index.members[position]
            position = member.next
            found.append(
                Member(
                    name: ByteString(member.name.unescaped(in: bytes.span)), value: member.value,
                    raw: ByteString(Array(bytes[member.value.start..<member.value.end]))))
        }
        return found
    }
}

/// An answer line: valid JSON, one LF, at its end.
struct Answer {
    private let object: JSONObject

    init(_ line: [UInt8]) throws {
        try #require(line.last == 0x0A, "an answer ends with LF")
        let object = try JSONObject(Array(line.dropLast()))
        try #require(!object.bytes.contains { $0 == 0x0A || $0 == 0x0D }, "an answer is one line")
        self.object = object
        try #require(raw("ok") == "true" || raw("ok") == "false")
    }

    /// The line without its LF.
    var line: ByteString { ByteString(object.bytes) }
    var names: [ByteString] { object.names }
    func raw(_ name: ByteString) -> ByteString? { object.raw(name) }
    func string(_ name: ByteString) throws -> String { try object.string(name) }
    func integer(_ name: ByteString) throws -> Int64 { try object.integer(name) }
    func object(_ name: ByteString) throws -> JSONObject { try object.object(name) }

    /// `ok`, an error's code, or the reason why a token is not valid: what a test mostly asks.
    var outcome: String {
        get throws {
            if raw("ok") == "false" { return try object.object("error").string("code") }
            return raw("valid") == "false" ? try object.string("reason") : "ok"
        }
    }

    /// Milliseconds after which a refusal says to try again; nil where it does not.
    var retryAfter: Int64? {
        get throws {
            guard raw("error") != nil else { return nil }
            return try object.object("error").raw("retry_after_ms").flatMap { Int64($0.text) }
        }
    }

    /// What a person is told about a refusal or an invalid token.
    var message: String {
        get throws {
            raw("ok") == "false" ? try object.object("error").string("message") : try object.string("message")
        }
    }
}
