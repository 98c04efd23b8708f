import StrictJSON
import Testing

/// Rule JSON-3: what is claimed is what is signed.
@Suite struct PassThroughTests {
    @Test(
        "JSON-3 numbers, escapes and the order of members pass through byte for byte",
        arguments: [
            #"{"b":1.0,"a":1e3,"c":-0,"d":12345678901234567890,"e":1E+0400,"f":0.10}"#,
            #"{"z":"\u0041\/\uD83D\uDE00","y":"A/😀","x":"\"\\"}"#, #"{"\u0061":{"\u0062":[]}}"#,
            #"{"a":" \\ ","b":"\" , : {} []","c":"\\\\"}"#, "[]", "{}", #"[[[]],{},[{}],"",0]"#,
        ])
    func keepsBytes(_ text: String) throws {
        #expect(try Document(text).compact == text)
    }

    @Test(
        "JSON-3 white space between tokens is dropped, white space in strings is not",
        arguments: [
            ("{ \"a b\" : \" x \\n \" }", #"{"a b":" x \n "}"#), ("[ 1 , 2 ,\t3\r\n]", "[1,2,3]"),
            ("\n { } \n", "{}"), ("{\"a\":\n{\"ok\":true,\"valid\":true}\n}", #"{"a":{"ok":true,"valid":true}}"#),
            ("{\"a\":[ \"\\\"\\\\\" , \" \" ]}", #"{"a":["\"\\"," "]}"#),
            ("[\"\\\\\" , \"\\\\\\\"  \" ]", #"["\\","\\\"  "]"#),
            ("[\n]", "[]"), ("{\"a\":{\"b\":[1, 2]}}", #"{"a":{"b":[1,2]}}"#),
            ("[\"\u{A0}\u{2003}\" ]", "[\"\u{A0}\u{2003}\"]"),
            (" \"a  b\" ", #""a  b""#), (" 1.50 ", "1.50"), ("\ttrue\n", "true"),
        ])
    func dropsWhiteSpace(_ text: String, _ expected: String) throws {
        #expect(try Document(text).compact == expected)
    }

    @Test("JSON-3 no line feed or carriage return outlives compaction, wherever it stood")
    func noLineEnds() throws {
        let tokens = [
            "{", "\"a\\n\"", ":", "[", "1", ",", "{", "\"b\"", ":", "null", "}", "]", ",", "\"c\"", ":", "\"\"", "}",
        ]
        for gap in 0...tokens.count {
            for end in ["\n", "\r", "\r\n", " \n\t"] {
                let text = tokens[..<gap].joined() + end + tokens[gap...].joined()
                #expect(try Document(text).compact == tokens.joined())
            }
        }
    }

    @Test("JSON-3 one member can be taken out, compacted by itself")
    func oneMember() throws {
        let document = try Document("{\"a\" : [1 , 2],\"b\":{\"c\": \"d e\"},\"f\" :\n3}")
        #expect(try document.compact(#require(document.member("a"))) == "[1,2]")
        #expect(try document.compact(#require(document.member("b"))) == #"{"c":"d e"}"#)
        #expect(try document.compact(#require(document.member("f"))) == "3")
    }

    @Test(
        "the elements of an array are found one after another",
        arguments: [
            ("[]", []), ("[ ]", []), ("[1]", ["1"]),
            ("[ 1 ,\n\"a , b\" , [2,[3]] , {\"x\":[4] } ]", ["1", "\"a , b\"", "[2,[3]]", "{\"x\":[4]}"]),
            ("[null,true,false,\"\\\"]\"]", ["null", "true", "false", "\"\\\"]\""]), ("[[],[[]]]", ["[]", "[[]]"]),
        ])
    func arrayElements(_ text: String, _ expected: [String]) throws {
        let document = try Document(text)
        #expect(document.elements(document.root).map { document.compact($0) } == expected)
    }
}
