import Foundation
import Testing

@Suite("-o json: one document with stable names")
struct OutputFormatTests {
    private let folder: Workshop
    private let daemon: TestDaemon

    init() throws {
        folder = try Workshop()
        daemon = try TestDaemon()
    }

    private func document(_ arguments: String..., input: String = "") throws -> [String: Any] {
        let program = try folder.signet(arguments + ["-o", "json"], to: daemon, input: input)
        #expect(program.status == 0, "\(program.errors)")
        #expect(program.output.hasSuffix("\n") && program.output.count { $0 == "\n" } == 1, "one line")
        return try #require(try JSONSerialization.jsonObject(with: Data(program.output.utf8)) as? [String: Any])
    }

    @Test("sign, verify and inspect")
    func tokens() throws {
        let signed = try document("sign", "--claim", "sub=a")
        #expect(signed.keys.sorted() == ["exp", "jti", "kid", "token"])
        let token = try #require(signed["token"] as? String)
        let verified = try document("verify", "-", input: token + "\n")
        #expect(verified.keys.sorted() == ["claims", "header", "kid"])
        #expect((verified["claims"] as? [String: Any])?["jti"] as? String == signed["jti"] as? String)
        let inspected = try document("inspect", input: token)
        #expect(inspected.keys.sorted() == ["claims", "flaw", "header"])
        #expect(inspected["flaw"] is NSNull)
        let bad = try folder.signet(["inspect", "-o", "json"], input: "e30.e30.")
        #expect(bad.status == 1)
        #expect(bad.output.hasPrefix(#"{"header":{},"claims":{},"flaw":"ALG-2: "#), "\(bad.output)")
    }

    @Test("explain, jwks, ping, status, reload and key list")
    func others() throws {
        #expect(try document("explain").keys.sorted() == ["claims", "header", "rule"])
        #expect(try document("jwks").keys.sorted() == ["generation", "jwks", "refresh_hint"])
        #expect(try document("ping").keys.sorted() == ["protocol", "version"])
        #expect(try document("status")["generation"] as? Int == 1)
        let reloaded = try document("reload")
        #expect(reloaded.keys.sorted() == ["added", "generation", "promoted", "removed", "warnings"])
        #expect(reloaded["generation"] as? Int == 2)
        #expect(try document("key", "list", daemon.keys.path).keys.sorted() == ["errors", "keys", "revoked"])
        #expect(try folder.signet(["ping", "-o", "xml"], to: daemon).errors.contains("text"))
    }

    @Test("- is standard input: for claims, for a token; --claim, --json and --ttl together")
    func standardInput() throws {
        let signed = try folder.signet(
            ["sign", "--json", "-", "--claim", "sub=a=b", "--ttl", "15m"], to: daemon, input: "{\"level\":1.0}\n")
        let verified = try folder.signet(["verify", "-"], to: daemon, input: signed.output)
        #expect(verified.output.hasPrefix(#"{"level":1.0,"sub":"a=b","#), "\(verified.errors)")
        #expect(try folder.signet(["inspect", "-"], input: signed.output).output.contains("\"sub\": \"a=b\""))
    }
}
