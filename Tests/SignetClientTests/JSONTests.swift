import SignetClient
import Testing

@Suite("Claims as Swift literals")
struct JSONTests {
    @Test("Every kind of JSON value can be written as a literal, in order")
    func literals() {
        let claims: JSON = [
            "sub": "user-1", "n": 3, "x": 1.0, "t": true, "f": false, "nothing": nil, "list": ["a", 1, [:], []],
            "o": ["k": -7],
        ]
        #expect(
            claims.text
                == #"{"sub":"user-1","n":3,"x":1.0,"t":true,"f":false,"nothing":null,"list":["a",1,{},[]],"o":{"k":-7}}"#
        )
    }

    @Test("JSON-3 numbers are kept byte for byte")
    func numbers() throws {
        #expect((12_345_678_901_234_567_890 as JSON).text == "12345678901234567890")
        #expect(JSON(UInt64.max).text == "18446744073709551615")
        #expect(JSON(Int64.min).text == "-9223372036854775808")
        #expect((0.1 as JSON).text == "0.1")
        for text in ["1.0", "1E+2", "-0", "0.10", "123456789012345678901234567890.5e-999"] {
            #expect(try JSON(parsing: text).text == text)
        }
        #expect(JSON(Double.infinity) == nil)
        #expect(JSON(Double.nan) == nil)
    }

    @Test("JSON-3 only white space between tokens is dropped")
    func whiteSpace() throws {
        #expect(try JSON(parsing: "{ \"a b\" :\r\n[ 1 ,\t\"\\n \" ] }").text == #"{"a b":[1,"\n "]}"#)
    }

    @Test("Strings are escaped, whatever they hold")
    func strings() throws {
        let nasty = "\"\\\n\r\u{0}\u{1F}\u{7F}\u{2028}é🔑"
        let json: JSON = ["\n\"": JSON(nasty)]
        #expect(!json.utf8.contains { $0 < 0x20 })
        #expect(try JSON(parsing: json.text)["\n\""]?.string == nasty)
    }

    @Test("UNI-1 names are looked up by bytes")
    func lookUp() {
        let json: JSON = ["k": 1, "\u{212A}": 2, "\u{E9}": 3, "e\u{301}": 4]
        #expect(json["k"]?.integer == 1)
        #expect(json["\u{212A}"]?.integer == 2)
        #expect(json["\u{E9}"]?.integer == 3)
        #expect(json["e\u{301}"]?.integer == 4)
        #expect(json["K"] == nil)
        #expect(("x" as JSON)["k"] == nil)
        #expect(JSON("\u{E9}") != JSON("e\u{301}"))
    }

    @Test("Typed access gives the value or nil, never another kind")
    func access() throws {
        let json = try JSON(parsing: #"{"s":"\ud83d\udd11","i":42,"d":1.5,"b":true,"n":null,"a":[1,"x",{}]}"#)
        #expect(json["s"]?.string == "🔑")
        #expect(json["i"]?.integer == 42)
        #expect(json["i"]?.double == 42)
        #expect(json["d"]?.double == 1.5)
        #expect(json["d"]?.integer == nil)
        #expect(json["b"]?.bool == true)
        #expect(json["n"]?.isNull == true)
        #expect(json["n"]?.bool == nil)
        #expect(json["a"]?.elements?.map(\.text) == ["1", "\"x\"", "{}"])
        #expect(json["a"]?.members == nil)
        #expect(json.members?.map(\.name) == ["s", "i", "d", "b", "n", "a"])
        #expect(json.string == nil)
    }

    @Test(
        "JSON-1 JSON-2 what is not strict JSON is refused with its place",
        arguments: ["", "{", "{\"a\":1,\"\\u0061\":2}", "[1,]", "01", "NaN", "\"\u{1}\"", "{} x", "\u{FEFF}{}"])
    func refused(text: String) {
        #expect(throws: InvalidJSON.self) { try JSON(parsing: text) }
    }
}
