import Testing

@testable import StrictJSON

/// Rule JSON-1: one object, one meaning, for every reader of it.
@Suite struct DuplicateNameTests {
    /// The name that a refusal for a duplicate points at, and where.
    private func duplicate(_ text: String) -> (name: String, start: Int)? {
        let bytes = Array(text.utf8)
        guard case .duplicateName(let name) = refusal(bytes) else { return nil }
        return (name.quoted(in: bytes.span), name.start)
    }

    @Test(
        "JSON-1 duplicate names are refused at every depth",
        arguments: [
            #"{"a":1,"a":1}"#, #"{"a":1,"b":2,"a":3}"#, #"{"x":{"a":1,"a":2}}"#, #"[{"a":1,"a":2}]"#,
            #"{"x":[1,[2,{"y":{"a":{},"a":[]}}]]}"#, #"{"":1,"":2}"#, #"{"a":{"a":1},"a":2}"#,
        ])
    func refuses(_ text: String) {
        #expect(duplicate(text) != nil)
    }

    @Test("JSON-1 an object at depth 32 is checked like one at depth 1")
    func refusesAtTheLimit() {
        let (open, close) = (String(repeating: "[", count: 31), String(repeating: "]", count: 31))
        #expect(duplicate(open + #"{"a":1,"a":2}"# + close) != nil)
        #expect(refusal(open + #"{"a":1,"b":2}"# + close) == nil)
    }

    @Test(
        "JSON-1 names equal after unescaping are equal",
        arguments: [
            (#"{"alg":1,"\u0061lg":2}"#, #""alg""#, 10), (#"{"\u0061lg":1,"alg":2}"#, #""alg""#, 15),
            (#"{"\u0061":1,"\u0061":2}"#, #""a""#, 13), (#"{"a/b":1,"a\/b":2}"#, #""a/b""#, 10),
            (#"{"\n":1,"\u000a":2}"#, #""\x0a""#, 9), (#"{"\u000A":1,"\u000a":2}"#, #""\x0a""#, 13),
            (#"{"é":1,"\u00e9":2}"#, #""\xc3\xa9""#, 9), (#"{"€":1,"\u20AC":2}"#, #""\xe2\x82\xac""#, 10),
            (#"{"😀":1,"\uD83D\uDE00":2}"#, #""\xf0\x9f\x98\x80""#, 11), (#"{"\\":1,"\u005c":2}"#, #""\\""#, 9),
            (#"{"\"":1,"\u0022":2}"#, #""\"""#, 9), (#"{"":1,"x":2,"":3}"#, #""""#, 13),
        ])
    func refusesEscaped(_ text: String, _ name: String, _ start: Int) throws {
        let found = try #require(duplicate(text))
        #expect(found.name == name)
        #expect(found.start == start)
    }

    @Test(
        "JSON-1 the same name in different objects is no duplicate",
        arguments: [
            #"{"a":{"a":{"a":1}}}"#, #"[{"a":1},{"a":1}]"#, #"{"x":{"a":1},"y":{"a":1},"a":1}"#, #"{"a":"a","b":"a"}"#,
        ])
    func acceptsElsewhere(_ text: String) throws {
        #expect(try Document(text).compact == text)
    }

    @Test(
        "UNI-1 names that Swift's String calls equal but whose bytes differ are two names",
        arguments: [
            ("\u{E9}", "e\u{301}"), ("k", "\u{212A}"), (";", "\u{37E}"), ("\u{1E9B}\u{323}", "\u{1E9B}\u{323}\u{200D}"),
            ("a", "A"), ("a", "a "), ("", "\u{200B}"), ("a", "a\u{0}"),
        ])
    func acceptsOtherBytes(_ left: String, _ right: String) throws {
        var text: [UInt8] = Array("{".utf8)
        text.appendJSONString(left)
        text += Array(":1,".utf8)
        text.appendJSONString(right)
        text += Array(":2}".utf8)
        let document = try Document(text)
        #expect(document.names == [ByteString(left), ByteString(right)])
        #expect(document.member(ByteString(left)).flatMap { document.integer($0) } == 1)
        #expect(document.member(ByteString(right)).flatMap { document.integer($0) } == 2)
    }

    // More than 16 members are sorted, not compared pair by pair.

    @Test("JSON-1 any number of distinct names is accepted", arguments: [15, 16, 17, 18, 31, 100, 10_000])
    func acceptsMany(_ count: Int) throws {
        let names = Names(count: count)
        let document = try Document(names.object(names.shuffled))
        #expect(document.names == names.shuffled.map { ByteString($0) })
    }

    @Test("JSON-1 one duplicate among many names is found", arguments: [15, 16, 17, 18, 31, 100, 10_000])
    func refusesAmongMany(_ count: Int) throws {
        let names = Names(count: count)
        for (first, second) in [(0, count - 1), (0, 1), (count / 2, count / 3), (count - 2, count - 1)] {
            var list = names.shuffled
            list[max(first, second)] = list[min(first, second)]
            let text = names.object(list)
            let found = try #require(duplicate(text))
            #expect(found.name == "\"\(list[first])\"")
            #expect(found.start == names.offset(of: max(first, second), in: list))
        }
    }

    @Test("JSON-1 a duplicate among many names with a long beginning in common is found, and none where there is none")
    func longBeginning() throws {
        let names = Names(count: 40)
        let text = names.object(names.shuffled).replacing("\"name", with: "\"in-common-name")
        #expect(refusal(text) == nil)
        #expect(duplicate(text.replacing("name17\"", with: "name3\""))?.name == "\"in-common-name3\"")
    }

    @Test("JSON-1 a duplicate among many names is found behind its escapes")
    func refusesEscapedAmongMany() {
        let names = Names(count: 40)
        let text = names.object(names.shuffled).replacing("\"name17\"", with: "\"\\u006eame3\"")
        #expect(duplicate(text)?.name == "\"name3\"")
        #expect(refusal(names.object(names.shuffled).replacing("\"name17\"", with: "\"\\u004eame3\"")) == nil)
    }

    @Test("JSON-1 many names outside leave the check of objects inside intact, and the other way round")
    func nestedMany() {
        let names = Names(count: 50)
        let inner = names.object(names.shuffled)
        let members = names.shuffled.map { "\"\($0)\":\(inner)" }
        #expect(refusal("{" + members.joined(separator: ",") + "}") == nil)
        #expect(duplicate("{" + (members + ["\"name7\":0"]).joined(separator: ",") + "}")?.name == "\"name7\"")
        let twice = names.object(names.shuffled + ["name9"])
        #expect(duplicate("{" + (members + ["\"other\":\(twice)"]).joined(separator: ",") + "}")?.name == "\"name9\"")
    }
}

/// `name0`, `name1`, …, and the same in an order that no sort is used to.
private struct Names {
    let shuffled: [String]

    init(count: Int) {
        var generator = SeededGenerator(seed: UInt64(count))
        shuffled = (0..<count).map { "name\($0)" }.shuffled(using: &generator)
    }

    func object(_ names: [String]) -> String {
        "{" + names.map { "\"\($0)\":0" }.joined(separator: ",") + "}"
    }

    /// Where a name stands in the object's text, behind its quotation mark.
    func offset(of position: Int, in names: [String]) -> Int {
        names[..<position].reduce(2) { $0 + $1.utf8.count + 5 }
    }
}
