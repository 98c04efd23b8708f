import JOSE
import OpenSSL
import StrictJSON
import Testing

@Suite struct JWKSetTests {
    init() throws { try LockedMemory.open() }

    private func elements(_ text: String) throws -> [String] {
        let bytes = Array(text.utf8)
        return try JWKSet.elements(of: SecretBytes(copying: bytes)).map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    private func problem(_ text: String) -> String? {
        do {
            _ = try elements(text)
            return nil
        } catch { return (error as? JWKError)?.problem }
    }

    @Test("each element is found where it stands")
    func found() throws {
        #expect(try elements(#"{"keys":[]}"#).isEmpty)
        #expect(
            try elements(#" { "x" : {"keys":[1]}, "\u006beys" : [ {"a":[{}]} , {} ,"s",1] } "#) == [
                #"{"a":[{}]}"#, "{}", "\"s\"", "1",
            ])
    }

    @Test("keys of a set are read at their places, each with its own members")
    func read() throws {
        let keys = KeyKind.all
        let text =
            "{\"keys\":[" + keys.map { $0.sample.with("kid", "é \($0.kind)").json }.joined(separator: " ,\n") + "]}"
        let file = try SecretBytes(copying: Array(text.utf8))
        let places = try JWKSet.elements(of: file)
        #expect(places.count == keys.count)
        for (kind, place) in zip(keys, places) {
            let jwk = try JWK(file, element: place)
            #expect(jwk.keyID?.text == "é \(kind.kind)")
            #expect(
                try jwk.material(for: kind.algorithm).fingerprint == kind.sample.material(kind.algorithm).fingerprint)
        }
    }

    @Test(
        "what is no set is named",
        arguments: [
            ("{}", "has no \"keys\""), (#"{"Keys":[]}"#, "has no \"keys\""), ("[]", "has no \"keys\""),
            (#"{"keys":{}}"#, "\"keys\" must be an array of JWKs"),
            (#"{"keys":null}"#, "\"keys\" must be an array of JWKs"),
            (#"{"keys":"[]"}"#, "\"keys\" must be an array of JWKs"), ("", "is no valid JSON object"),
            (#"{"keys":[}"#, "is no valid JSON object (offset 9)"),
            (#"{"keys":[]} x"#, "is no valid JSON object (offset 12)"), ("7", "has no \"keys\""),
        ])
    func noSet(_ text: String, _ expected: String) {
        #expect(problem(text) == expected)
    }

    @Test("JSON-1 a member twice is refused, in the set and in its keys")
    func duplicates() {
        #expect(problem(#"{"keys":[],"keys":[]}"#) == "has a member twice")
        #expect(problem(#"{"keys":[],"\u006beys":[]}"#) == "has a member twice")
        #expect(problem(#"{"keys":[{"kid":"a","k\u0069d":"a"}]}"#) == "has a member twice")
    }

    @Test("JSON-2 a set nested too deep is refused")
    func depth() {
        func nested(_ depth: Int) -> String {
            "{\"keys\":[" + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "]}"
        }
        #expect(problem(nested(30)) == nil)
        #expect(problem(nested(31))?.hasPrefix("is no valid JSON object") == true)
        #expect(problem(nested(30_000))?.hasPrefix("is no valid JSON object") == true)
    }
}
