import SignetConfiguration
import StrictJSON
import Testing

/// The value of a claim, with `<name>` for each template.
func shown(_ claim: FixedClaim) -> String {
    claim.value.map { piece in
        switch piece {
        case .json(let json): String(decoding: json, as: UTF8.self)
        case .template(let name): "<\(name.rawValue)>"
        }
    }.joined()
}

@Suite("Templates in fixed claims") struct TemplateTests {
    @Test(
        "a template stands anywhere in a string, and the rest is JSON",
        arguments: [
            ("\"{user}\"", "\"<user>\""), ("\"node-{hostname}.\"", "\"node-<hostname>.\""),
            ("\"{uid}{gid}\"", "\"<uid><gid>\""), ("'say \"{unit}\"'", #""say \"<unit>\"""#),
            ("\"\u{E9}{group}\\n\"", "\"\u{E9}<group>\\n\""), ("\"\\u007Buser}\"", "\"<user>\""),
            ("[\"{user}\", 1, [\"{uid}\"]]", "[\"<user>\",1,[\"<uid>\"]]"),
            ("{ a = { b = \"{gid}\" }, c = true }", "{\"a\":{\"b\":\"<gid>\"},\"c\":true}"),
        ])
    func templates(_ value: String, _ expected: String) throws {
        let claims = try profile("claims = { c = \(value) }").fixedClaims
        #expect(claims.map { shown($0) } == [expected])
    }

    @Test(
        "a brace itself is written twice; in names of members it is one like any other",
        arguments: [
            ("\"{{user}}\"", "\"{user}\""), ("\"{{\"", "\"{\""), ("\"}}\"", "\"}\""),
            ("\"{{{user}}}\"", "\"{<user>}\""),
            ("\"{user}}}\"", "\"<user>}\""), ("\"{{}}\"", "\"{}\""),
            ("{ \"{user}\" = 1, \"{\" = 2 }", "{\"{user}\":1,\"{\":2}"),
        ])
    func braces(_ value: String, _ expected: String) throws {
        let claims = try profile("claims = { c = \(value) }").fixedClaims
        #expect(claims.map { shown($0) } == [expected])
    }

    @Test(
        "an unknown template is refused at its place, with what was meant",
        arguments: [
            ("{usr}", "{user}"), ("{host}", nil), ("{Unit}", "{unit}"), ("{ user}", "{user}"), ("{}", nil),
            ("{0}", nil),
            ("{hostnme}", "{hostname}"),
        ])
    func unknown(_ text: String, _ meant: String?) {
        for value in ["\"a\(text)\"", "[\"\(text)\"]", "{ x = \"{user}\(text)\" }"] {
            let found = problems(soundProfile + "\nclaims = { c = \(value) }")
            #expect(found.count == 1)
            let isTold = found.first?.hasPrefix("6:") == true && found.first?.contains("which is no template") == true
            #expect(isTold, "\(found)")
            #expect(found.first?.contains("the fixed claim \"c\" in [profile.default]") == true)
            #expect(found.first?.hasSuffix("did you mean '\(meant ?? "")'?") == (meant != nil), "\(found)")
        }
    }

    @Test(
        "a brace without its partner is refused, and it says how a brace is written",
        arguments: ["{user", "user}", "{", "}", "{user}}", "{{user}", "{user{", "{us{user}", "a}b{", "{{{"])
    func unbalanced(_ text: String) {
        let found = problems(soundProfile + "\nclaims = { b = \"{user}\", c = \"\(text)\" }")
        #expect(found.count == 1)
        #expect(
            found.first?.contains("the fixed claim \"c\" in [profile.default] holds a brace without its partner")
                == true)
        #expect(found.first?.hasSuffix("written twice, {{ or }}") == true)
    }
}
