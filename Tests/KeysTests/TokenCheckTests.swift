import JOSE
import Keys
import StrictJSON
import Testing

@Suite("Tokens checked by a key or a key set in a file")
struct TokenCheckTests {
    private let folder: KeyFolder

    init() throws { folder = try KeyFolder() }

    private static func base64URL(_ text: String) -> String {
        var output: [UInt8] = []
        Base64URL.append(Array(text.utf8).span, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// A token with this header and the claims {}, signed by the HS512 key of 64 bytes `byte`.
    private func token(_ header: String, byte: UInt8 = 1) throws -> [UInt8] {
        let signers = try KeyFolder()
        try signers.writeKey("signer.jwk", kid: "signer", byte: byte)
        let key = try #require(try signers.load().0.keys.first)
        let input = Self.base64URL(header) + "." + Self.base64URL("{}")
        return Array("\(input).".utf8) + (try key.sign(input))
    }

    private func check(_ token: [UInt8], byKey jwk: String) throws -> TokenCheck.Verdict {
        try TokenCheck(keyFile: folder.write("key.jwk", jwk)).verify(token, maximumDepth: 32)
    }

    private func check(_ token: [UInt8], bySet keys: String...) throws -> TokenCheck.Verdict {
        let file = try folder.write("set.json", #"{"keys":[\#(keys.joined(separator: ","))]}"#)
        return try TokenCheck(keySetFile: file).verify(token, maximumDepth: 32)
    }

    private static let hs512 = #""alg":"HS512","#

    @Test("By one key: valid, whatever kid the token names; with another key's signature it is not")
    func oneKey() throws {
        let jwk = KeyFolder.jwk(kid: "a", more: Self.hs512)
        #expect(try check(token(#"{"alg":"HS512","kid":"b"}"#), byKey: jwk) == .valid(.hs512, kid: "a"))
        #expect(try check(token(#"{"alg":"HS512"}"#), byKey: jwk) == .valid(.hs512, kid: "a"))
        #expect(try check(token(#"{"alg":"HS512"}"#, byte: 2), byKey: jwk) == .badSignature(.hs512, kid: "a"))
    }

    @Test("ALG-1 a key that names its algorithm serves no other, and one that does not serves those of its type")
    func algorithm() throws {
        let named = KeyFolder.jwk(kid: "a", more: Self.hs512)
        for header in [
            #"{"alg":"HS256"}"#, #"{"alg":"ES256"}"#, #"{"alg":"hs512"}"#, #"{"alg":"none"}"#, #"{"kid":"a"}"#,
        ] {
            guard case .wrongAlgorithm(let why) = try check(token(header), byKey: named) else {
                Issue.record("\(header) is taken")
                continue
            }
            #expect(why.contains("the key is for HS512"), "\(why)")
        }
        let unnamed = KeyFolder.jwk(kid: "a")
        #expect(try check(token(#"{"alg":"HS512"}"#), byKey: unnamed) == .valid(.hs512, kid: "a"))
        #expect(try check(token(#"{"alg":"HS256"}"#), byKey: unnamed) == .badSignature(.hs256, kid: "a"))
    }

    @Test("HDR-4 in a set the kid chooses; an unknown or an ambiguous one is answered with the reason")
    func set() throws {
        let (a, b) = (KeyFolder.jwk(kid: "a", more: Self.hs512), KeyFolder.jwk(kid: "b", byte: 2, more: Self.hs512))
        let ofB = try token(#"{"alg":"HS512","kid":"b"}"#, byte: 2)
        #expect(try check(ofB, bySet: a, b) == .valid(.hs512, kid: "b"))
        #expect(try check(ofB, bySet: a) == .unknownKey(#"the set has no key with the kid "b""#))
        #expect(try check(ofB, bySet: b, b) == .unknownKey(#"the set has several keys with the kid "b""#))
        let nameless = try token(#"{"alg":"HS512"}"#)
        #expect(try check(nameless, bySet: a) == .valid(.hs512, kid: "a"))
        #expect(
            try check(nameless, bySet: a, b) == .unknownKey("the token names no kid, and the set has several keys"))
        #expect(try check(nameless, bySet: b) == .badSignature(.hs512, kid: "b"))
    }

    @Test("Keys of a set that are not understood are passed over, and the reason says so")
    func passedOver() throws {
        let strange = #"{"kty":"strange","kid":"a"}"#
        let named = try token(#"{"alg":"HS512","kid":"b"}"#, byte: 2)
        let b = KeyFolder.jwk(kid: "b", byte: 2, more: Self.hs512)
        #expect(try check(named, bySet: strange, b) == .valid(.hs512, kid: "b"))
        guard case .unknownKey(let why) = try check(token(#"{"alg":"HS512"}"#), bySet: strange) else {
            Issue.record("a strange key is taken")
            return
        }
        #expect(why.hasPrefix("the set has no usable key; 1 passed over, the first because it "))
        #expect(try check(named, bySet: "") == .unknownKey(#"the set has no key with the kid "b""#))
    }

    @Test("HDR-2, HDR-4, HDR-5, B64-1, JSON-2 what is no token, or has a header that is refused, is malformed")
    func malformed() throws {
        let jwk = KeyFolder.jwk(kid: "a", more: Self.hs512)
        for header in [#"{"alg":"HS512","crit":[]}"#, #"{"alg":"HS512","kid":1}"#, "[]", "{"] {
            #expect(try check(token(header), byKey: jwk) == .malformed, "\(header)")
        }
        let input = Self.base64URL(#"{"alg":"HS512"}"#)
        for text in ["", "a.b", "\(input).e30", "\(input)=.e30.AA", "\(input).e3.AA=", "\(input).e30.A"] {
            #expect(try check(Array(text.utf8), byKey: jwk) == .malformed, "\(text)")
        }
    }

    @Test("A file that is not there, is empty, too large or a directory is named")
    func files() throws {
        let token = try token(#"{"alg":"HS512"}"#)
        let cases = [
            (folder.file("missing"), "does not exist"), (folder.path, "is a directory"),
            (try folder.write("empty", ""), "is empty"),
            (try folder.write("large", String(repeating: " ", count: 262_145)), "is larger than 262144 bytes"),
        ]
        for (path, problem) in cases {
            let error = #expect(throws: KeyError.self) {
                try TokenCheck(keyFile: path).verify(token, maximumDepth: 32)
            }
            #expect(error?.file == path)
            #expect(error?.problem.contains(problem) == true, "\(String(describing: error))")
        }
    }
}
