import SignetConfiguration
import StrictJSON
import Testing

/// `content = "bytes"`: profiles that sign any payload, and must never pass for claims.
@Suite struct ContentSettingsTests {
    private let ring = "[keyring.hooks]\nalgorithm = \"ES256\"\n"

    /// A profile of bytes with `lines` added, and an entry with `entryLines`.
    private func hooks(_ lines: String = "type = \"webhook\"", entry entryLines: String = "") -> String {
        ring + "[profile.hooks]\nkeyring = \"hooks\"\ncontent = \"bytes\"\n" + lines
            + "\n[[profile.hooks.allow]]\noperations = [\"sign\"]\nusers = [\"*\"]\n" + entryLines
    }

    @Test("a profile signs claims unless it says otherwise")
    func claimsByDefault() throws {
        #expect(try profile("").content == .claims)
        #expect(try profile("content = \"claims\"").content == .claims)
        #expect(problems(soundProfile + "\ncontent = \"byte\"").first?.contains("did you mean 'bytes'?") == true)
    }

    @Test("a profile of bytes needs no issuer and no audiences")
    func bytes() throws {
        let profile = try #require(try decode(hooks()).settings.profiles.first)
        #expect(profile.content == .bytes)
        #expect(profile.type == "webhook")
        #expect(profile.audiences == [])
    }

    @Test(
        "a profile of bytes has a type of its own, so that its payloads never pass for a JWT",
        arguments: [
            "", "type = \"JWT\"", "type = \"jwt\"", "type = \"application/jwt\"", "type = \"at+jwt\"",
            "type = \"X+JWT\"",
        ])
    func ownType(_ line: String) {
        let found = problems(hooks(line))
        #expect(found.count == 1)
        #expect(found.first?.contains("its callers could mint any claims") == true)
    }

    @Test(
        "settings of claims mean nothing for bytes",
        arguments: [
            "issuer = \"i\"", "audiences = [\"a\"]", "ttl = \"1m\"", "max_ttl = \"1h\"", "leeway = \"1s\"",
            "backdate = \"1s\"", "required_claims = [\"sub\"]", "allowed_claims = [\"sub\"]", "claims = { a = 1 }",
        ])
    func claimSettings(_ line: String) {
        let found = problems(hooks("type = \"webhook\"\n" + line))
        #expect(found.count == 1)
        #expect(found.first?.contains("means nothing for content = \"bytes\"") == true)
    }

    @Test(
        "nor do they in its entries",
        arguments: ["audiences = [\"a\"]", "allowed_claims = [\"sub\"]", "max_ttl = \"1h\""])
    func entrySettings(_ line: String) {
        #expect(problems(hooks(entry: line)).first?.contains("means nothing for content = \"bytes\"") == true)
    }

    @Test("a ring serves profiles of one content")
    func mixedRing() {
        let mixed =
            hooks() + """

                [profile.web]
                keyring = "hooks"
                issuer = "i"
                audiences = ["a"]
                """
        #expect(problems(mixed).first?.contains("one signs claims and the other bytes") == true)
        #expect(problems(hooks() + "\n" + soundProfile) == [])
    }
}
