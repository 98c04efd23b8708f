import Foundation
import SignetClient
import Testing

@Suite("Claims as types")
struct CodableTests {
    private struct Address: Codable, Equatable {
        var lines: [String]
        var code: UInt16?
    }

    private enum Role: String, Codable { case admin, user }

    private struct Claims: Codable, Equatable {
        var sub: String
        var roles: [Role]
        var address: Address?
        var level: Int8
        var weight: Double
        var limits: [String: UInt64]
        var isNew: Bool
        var note: String?
    }

    private static let claims = Claims(
        sub: "user-1", roles: [.admin, .user], address: Address(lines: ["a", "b"], code: 7), level: -3, weight: 0.1,
        limits: ["big": .max], isNew: true)
    private static let text =
        #"{"sub":"user-1","roles":["admin","user"],"address":{"lines":["a","b"],"code":7},"level":-3,"weight":0.1,"#
        + #""limits":{"big":18446744073709551615},"isNew":true}"#

    @Test("A value is written in the order of its coding keys, and reads back as itself")
    func roundTrip() throws {
        let json = try JSON(encoding: Self.claims)
        #expect(json.text == Self.text)
        #expect(try json.decode(as: Claims.self) == Self.claims)
        #expect(try JSON(parsing: #"{"unknown":[{}],"# + Self.text.dropFirst()).decode() == Self.claims)
    }

    private func exactly<Value: Codable & Equatable>(_ values: Value..., texts: [String]) throws {
        for (value, text) in zip(values, texts) {
            #expect(try JSON(encoding: [value]).text == "[\(text)]")
            #expect(try JSON(parsing: text).decode(as: Value.self) == value)
        }
    }

    @Test("JSON-3 integers of every width are exact")
    func integers() throws {
        try exactly(Int8.min, .max, texts: ["-128", "127"])
        try exactly(UInt8.max, texts: ["255"])
        try exactly(Int16.min, texts: ["-32768"])
        try exactly(UInt16.max, texts: ["65535"])
        try exactly(Int32.min, texts: ["-2147483648"])
        try exactly(UInt32.max, texts: ["4294967295"])
        try exactly(Int64.min, .max, texts: ["-9223372036854775808", "9223372036854775807"])
        try exactly(UInt64.max, texts: ["18446744073709551615"])
        try exactly(Int.min, texts: ["-9223372036854775808"])
        try exactly(UInt.max, texts: ["18446744073709551615"])
        try exactly(Int128.min, texts: ["-170141183460469231731687303715884105728"])
        try exactly(UInt128.max, texts: ["340282366920938463463374607431768211455"])
        try exactly(0.1, 1, 1e300, .leastNonzeroMagnitude, texts: ["0.1", "1.0", "1e+300", "5e-324"])
        try exactly(Float(0.1), texts: ["0.1"])
    }

    @Test(
        "A number that the type does not hold exactly is refused, never rounded",
        arguments: ["256", "-1", "1.0", "1e2", "\"1\"", "true", "null", "99999999999999999999"])
    func narrow(text: String) throws {
        let json = try JSON(parsing: text)
        #expect(throws: InvalidJSON.self) { try json.decode(as: UInt8.self) }
        #expect(throws: InvalidJSON.self) { try JSON(parsing: "1e400").decode(as: Double.self) }
        #expect(throws: InvalidJSON.self) { try JSON(parsing: "1e39").decode(as: Float.self) }
    }

    @Test(
        "Numbers that are not finite cannot be written; the message names the place",
        arguments: [Double.infinity, .nan])
    func infinite(number: Double) {
        let error = #expect(throws: InvalidJSON.self) { try JSON(encoding: ["a": ["b": [1, number]]]) }
        #expect(error?.message == "a.b[1] cannot be written as JSON")
        #expect(throws: InvalidJSON.self) { try JSON(encoding: [Float(number)]) }
    }

    @Test(
        "What does not fit is named by its place, and never by its value",
        arguments: [
            (#"{"roles":[]}"#, "sub is missing"),
            (#"{"sub":5,"roles":[]}"#, "sub is no String"),
            (#"{"sub":null}"#, "sub is null or missing, and no String"),
            (#"{"sub":"s","roles":["admin","secret"]}"#, "roles[1] is not what its type takes"),
            (#"{"sub":"s","roles":[],"address":{"lines":["a",{}]}}"#, "address.lines[1] is no String"),
            (
                #"{"sub":"s","roles":[],"level":1,"weight":1,"limits":{"a\u001bb":"secret"},"isNew":true}"#,
                #"limits."a\x1bb" is no UInt64"#
            ),
            ("[1]", "the value is no Dictionary<String, JSON>"),
        ])
    func places(text: String, message: String) throws {
        let error = #expect(throws: InvalidJSON.self) { try JSON(parsing: text).decode(as: Claims.self) }
        #expect(error?.message == message)
    }

    private class Person: Codable {
        var name = "n"
        init() {}
    }

    private final class Officer: Person {
        var rank = 1
        private enum CodingKeys: String, CodingKey { case rank }
        override init() { super.init() }
        required init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            rank = try container.decode(Int.self, forKey: .rank)
            try super.init(from: container.superDecoder())
        }
        override func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try super.encode(to: container.superEncoder())
            try container.encode(rank, forKey: .rank)
        }
    }

    @Test("Superclasses have a place of their own")
    func superclass() throws {
        let json = try JSON(encoding: Officer())
        #expect(json.text == #"{"super":{"name":"n"},"rank":1}"#)
        let read = try JSON(parsing: #"{"super":{"name":"m"},"rank":2}"#).decode(as: Officer.self)
        #expect(read.name == "m" && read.rank == 2)
    }

    /// Fills nested containers in turns, and reads arrays of mixed kinds.
    private struct Mixed: Codable, Equatable {
        var numbers = [1, 2]
        private enum Key: String, CodingKey { case inner, list, x }
        init() {}
        func encode(to encoder: any Encoder) throws {
            var outer = encoder.container(keyedBy: Key.self)
            var list = outer.nestedUnkeyedContainer(forKey: .list)
            var inner = outer.nestedContainer(keyedBy: Key.self, forKey: .inner)
            try list.encode(numbers[0])
            try inner.encodeNil(forKey: .x)
            var nested = list.nestedContainer(keyedBy: Key.self)
            var deep = list.nestedUnkeyedContainer()
            try deep.encodeNil()
            try nested.encode("x", forKey: .x)
            try list.encode(numbers[1])
            #expect(list.count == 4)
        }
        init(from decoder: any Decoder) throws {
            let outer = try decoder.container(keyedBy: Key.self)
            #expect(try outer.nestedContainer(keyedBy: Key.self, forKey: .inner).decodeNil(forKey: .x))
            #expect(Set(outer.allKeys) == [.list, .inner])
            var list = try outer.nestedUnkeyedContainer(forKey: .list)
            #expect(throws: DecodingError.self) { try list.decode(String.self) }
            let first = try list.decode(Int.self)
            let nested = try list.nestedContainer(keyedBy: Key.self)
            #expect(try nested.decodeIfPresent(String.self, forKey: .x) == "x")
            #expect(try nested.decodeIfPresent(String.self, forKey: .list) == nil)
            var deep = try list.nestedUnkeyedContainer()
            #expect(try deep.decodeNil())
            #expect(deep.isAtEnd)
            numbers = [first, try list.decode(Int.self)]
            #expect(throws: DecodingError.self) { try list.decode(Int.self) }
        }
    }

    @Test("Containers may be filled in any order")
    func nested() throws {
        let json = try JSON(encoding: Mixed())
        #expect(json.text == #"{"list":[1,{"x":"x"},[null],2],"inner":{"x":null}}"#)
        #expect(try json.decode(as: Mixed.self) == Mixed())
    }

    @Test("UNI-1 names are told apart by their bytes")
    func names() throws {
        let both = try JSON(parsing: #"{"k":1,"\u212a":2,"e\u0301":3}"#)
        struct Kelvin: Decodable {
            var k: Int
        }
        #expect(try both.decode(as: Kelvin.self).k == 1)
        struct Accent: Decodable {
            var value: Int
            enum CodingKeys: String, CodingKey { case value = "\u{E9}" }
        }
        #expect(throws: InvalidJSON.self) { try both.decode(as: Accent.self) }
    }

    @Test("Optionals, JSON itself and types that encode nothing")
    func oddities() throws {
        struct Nothing: Codable {}
        #expect(try JSON(encoding: [1, nil] as [Int?]).text == "[1,null]")
        #expect(try JSON(parsing: "[1,null]").decode(as: [Int?].self) == [1, nil])
        #expect(try JSON(encoding: Nothing()).text == "{}")
        let json = try JSON(parsing: #"{"n":1.0,"e":[1E+2,null],"s":"\u0041"}"#)
        #expect(try JSON(encoding: ["x": json]).text == #"{"x":\#(json.text)}"#)
        #expect(try json.decode(as: JSON.self) == json)
        #expect(try json.decode(as: [String: JSON].self)["n"]?.text == "1.0")
        #expect(try (nil as JSON).decode(as: JSON?.self) == nil)
    }

    @Test("Other coders see JSON as the values that it holds")
    func foreignCoders() throws {
        let json: JSON = ["a": [1, 2.5, "x", true, nil, ["b": 18_446_744_073_709_551_615]]]
        let data = try JSONEncoder().encode(json)
        #expect(String(decoding: data, as: UTF8.self) == json.text)
        #expect(try JSONDecoder().decode(JSON.self, from: data) == json)
    }

    private struct Subject: Codable, Sendable, Equatable {
        var sub: String
    }

    @Test("A client signs what encodes itself, and verifies into what decodes itself; literals stay literals")
    func client() async throws {
        let server = try LineServer { connection in
            while let line = connection.readLine() {
                let claims = line.firstRange(of: "\"claims\":").map { String(line[$0.upperBound...].dropLast()) } ?? ""
                let token = claims.replacing("\"", with: "'")
                let answer =
                    line.contains("\"op\":\"sign\"")
                    ? "\"token\":\"\(token)\"" : "\"valid\":true,\"header\":{},\"claims\":{\"sub\":\"s\"}"
                connection.send("{\"id\":\(requestID(line)),\"ok\":true,\"kid\":\"k\",\(answer)}\n")
            }
        }
        defer { server.stop() }
        let client = try SignetClient(socketPath: server.path, timeout: .seconds(600))
        #expect(try await client.sign(Subject(sub: "s")) == "{'sub':'s'}")
        #expect(try await client.sign(["sub": "s"]) == "{'sub':'s'}")
        #expect(try await client.sign(["sub": "s", "n": 1, "x": nil]) == "{'sub':'s','n':1,'x':null}")
        let names = ["sub": "s"]
        #expect(try await client.sign(names) == "{'sub':'s'}")
        #expect(try await client.sign(["sub": String(repeating: "s", count: 2)]) == "{'sub':'ss'}")
        #expect(try await client.signedToken(Subject(sub: "s")).token == "{'sub':'s'}")
        #expect(try await client.verify("t", as: Subject.self) == Subject(sub: "s"))
        await #expect(throws: SignetError.unexpectedClaims(message: "sub is no Int")) {
            _ = try await client.verify("t", as: [String: Int].self)
        }
        await #expect(throws: SignetError.malformedRequest(message: "claims: x cannot be written as JSON")) {
            _ = try await client.sign(["x": Double.infinity])
        }
    }
}
