import Foundation
import Testing

@Suite(
    "Sealed keys and latchset's jose",
    .enabled(if: JOSEPeer.jose.isReachable, "jose is not installed: scripts/install-packages test"))
struct SealInteroperationTests {
    private let folder: Workshop

    init() throws {
        folder = try Workshop()
        try FileManager.default.createDirectory(
            atPath: folder.path("web"), withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    private func jose(_ arguments: String...) throws -> String {
        let program = try Program.run("jose", arguments)
        try #require(program.status == 0, "\(arguments): \(program.errors)")
        return program.output
    }

    private func signet(_ arguments: String...) throws {
        let program = try folder.signet(arguments)
        try #require(program.status == 0, "\(arguments): \(program.errors)")
    }

    private func setPrivate(_ name: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.path(name))
    }

    @Test("jose opens what Signet sealed, byte for byte", arguments: ["HS512", "ES256", "RS256", "Ed448"])
    func joseOpens(_ algorithm: String) throws {
        try signet("key", "new-kek", folder.path("kek"))
        try signet("key", "new", "--algorithm", algorithm, "--kid", "k", folder.path("web"))
        let plain = try String(contentsOfFile: folder.path("web/k.jwk"), encoding: .utf8)
        try signet("key", "seal", "--kek", folder.path("kek"), folder.path("web"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("web")) == ["k.jwe"])
        #expect(try jose("jwe", "dec", "-i", folder.path("web/k.jwe"), "-k", folder.path("kek"), "-O", "-") == plain)
        // A second KEK does not open it there either.
        try signet("key", "new-kek", folder.path("other"))
        let wrong = try Program.run(
            "jose", ["jwe", "dec", "-i", folder.path("web/k.jwe"), "-k", folder.path("other"), "-O", "-"])
        #expect(wrong.status != 0)
    }

    @Test("Signet opens what jose sealed, under a KEK that jose made, and serves with it")
    func signetOpens() throws {
        let daemon = try TestDaemon(prepared: TestDaemon.settings(server: "kek = [\"file:kek.jwk\"]"))
        let kek = daemon.directory.appending(path: "kek.jwk").path
        _ = try jose("jwk", "gen", "-i", #"{"alg":"A256GCM","kid":"made by jose"}"#, "-o", kek)
        let plain = daemon.keys.appending(path: "first.jwk").path
        let template =
            #"{"protected":{"alg":"dir","enc":"A256GCM","cty":"jwk+json","kid":"made by jose","keyring":"default"}}"#
        _ = try jose(
            "jwe", "enc", "-c", "-i", template, "-I", plain, "-k", kek, "-o",
            daemon.keys.appending(path: "first.jwe").path)
        try FileManager.default.removeItem(atPath: plain)
        for file in [kek, daemon.keys.appending(path: "first.jwe").path] {
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        }
        try daemon.start()
        #expect(try daemon.connect().ask(#"{"op":"sign"}"#).text("kid") == TestDaemon.kid)
    }

    @Test(
        "SEAL-2 what jose seals in another way is refused",
        arguments: [
            (#""enc":"A128GCM""#, "16"), (#""enc":"A256CBC-HS512""#, "64"), (#""enc":"A256GCM","zip":"DEF""#, "32"),
        ])
    func otherWays(_ change: String, _ bytes: String) throws {
        _ = try jose("jwk", "gen", "-i", #"{"kty":"oct","bytes":\#(bytes)}"#, "-o", folder.path("any"))
        try signet("key", "new-kek", "--kid", "k", folder.path("kek"))
        let template = #"{"protected":{"alg":"dir",\#(change),"cty":"jwk+json","kid":"k","keyring":"web"}}"#
        try Data(#"{"kty":"oct","kid":"a","k":"AAAA"}"#.utf8).write(to: folder.url("plain"))
        _ = try jose(
            "jwe", "enc", "-c", "-i", template, "-I", folder.path("plain"), "-k", folder.path("any"), "-o",
            folder.path("web/a.jwe"))
        try setPrivate("web/a.jwe")
        let refused = try folder.signet(["key", "list", "--kek", folder.path("kek"), folder.path("web")])
        #expect(refused.status == 2)
        #expect(
            refused.errors.contains(change.contains("zip") ? #""zip" in its"# : #""enc" in its"#), "\(refused.errors)")
    }
}
