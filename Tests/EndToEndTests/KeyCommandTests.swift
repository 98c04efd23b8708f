import Foundation
import Testing

@Suite("signet key, and signet jwks") struct KeyCommandTests {
    private let folder: Workshop

    init() throws { folder = try Workshop() }

    @Test(
        "THUMB-1 every form of one key has the same thumbprint, which Python computes too",
        arguments: [
            ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
            ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
            ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"], ["-algorithm", "RSA"],
            ["-algorithm", "ed25519"], ["-algorithm", "ed448"],
        ])
    func thumbprints(_ kind: [String]) throws {
        let pem = try folder.makeKey(kind)
        try folder.openssl("pkey", "-in", pem, "-pubout", "-out", folder.path("public.pem"))
        try Data("horse battery\n".utf8).write(to: folder.url("pass"))
        try folder.openssl(
            "pkcs8", "-topk8", "-in", pem, "-passout", "file:" + folder.path("pass"), "-out", folder.path("sealed.pem"))
        var files = [[pem], [folder.path("public.pem")]]
        files.append([folder.path("sealed.pem"), "--passphrase-file", folder.path("pass")])
        if kind[1] == "RSA" || kind[1] == "EC" {
            // PKCS#1, or SEC 1.
            try folder.openssl("pkey", "-in", pem, "-traditional", "-out", folder.path("old.pem"))
            files.append([folder.path("old.pem")])
        }
        let algorithm = kind[1] == "RSA" ? ["--algorithm", "PS256"] : []
        let jwk = try folder.signet(["key", "import", pem] + algorithm)
        try Data(jwk.output.utf8).write(to: folder.url("private.jwk"))
        let half = try folder.signet(["key", "public", pem] + algorithm)
        try Data(half.output.utf8).write(to: folder.url("public.jwk"))
        files += [[folder.path("private.jwk")], [folder.path("public.jwk")]]

        let thumbprints = try files.map { try folder.signet(["key", "thumbprint"] + $0) }
        for thumbprint in thumbprints { #expect(thumbprint.status == 0, "\(thumbprint.errors)") }
        #expect(Set(thumbprints.map(\.output)).count == 1)
        // RFC 7638 once more, by other hands.
        let python = try Program.run(
            Program.python,
            [
                "-c",
                """
                import base64, hashlib, json, sys
                jwk = json.load(sys.stdin)
                names = {"EC": ["crv", "kty", "x", "y"], "RSA": ["e", "kty", "n"], "OKP": ["crv", "kty", "x"]}[jwk["kty"]]
                text = json.dumps({name: jwk[name] for name in names}, separators=(",", ":"), sort_keys=True)
                print(base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("="))
                """,
            ], input: half.output)
        #expect(python.output == thumbprints[0].output, "\(python.errors)")
    }

    @Test("JWKS-1 a public JWK has public members only, and none of the private JWK's secrets")
    func publicHalf() throws {
        let pem = try folder.makeKey(["-algorithm", "RSA"])
        let secret = try folder.json(["key", "import", pem, "--algorithm", "RS256"])
        let half = try folder.signet(["key", "public", pem, "--algorithm", "RS256"])
        #expect(Set(secret.keys).isSuperset(of: ["d", "p", "q", "dp", "dq", "qi"]))
        for name in ["d", "p", "q", "dp", "dq", "qi"] { #expect(!half.output.contains(secret[name] as? String ?? "")) }
        let names = try folder.json(["key", "public", pem, "--algorithm", "RS256"]).keys
        #expect(Set(names) == ["kty", "n", "e", "use", "alg", "kid"])
    }

    @Test("what is refused names the file, what is wrong and what to do")
    func refusals() throws {
        let rsa = try folder.makeKey(["-algorithm", "RSA"])
        #expect(try folder.refusal(["key", "import", rsa]).contains("say it with --algorithm"))
        let small = try folder.makeKey(["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"], "small.pem")
        #expect(try folder.refusal(["key", "import", "--algorithm", "RS256", small]).contains("of 1024 bits"))
        #expect(try folder.refusal(["key", "import", "--algorithm", "RS257", rsa]).contains("use one of HS256"))
        #expect(try folder.refusal(["key", "thumbprint", folder.path("none.pem")]).contains("does not exist"))
        #expect(try folder.refusal(["key", "thumbprint", folder.path("")]).contains("is a directory"))
        #expect(try folder.signet(["key", "new", "--kid", "h", folder.path("")]).status == 0)
        for command in ["public", "thumbprint"] {
            let error = try folder.refusal(["key", command, folder.path("h.jwk")])
            #expect(error.contains("is a secret of HMAC"))
            #expect(error.contains("h.jwk: "))
        }
        let existing = ["key", "import", "--into", folder.path(""), "--algorithm", "HS512", folder.path("h.jwk")]
        #expect(try folder.refusal(existing).contains("exists already"))
    }

    @Test("an encrypted key opens with its passphrase file alone, and no message holds the passphrase")
    func passphrase() throws {
        let pem = try folder.makeKey(["-algorithm", "ed25519"])
        for (name, text) in [("pass", "horse battery"), ("wrong", "staple")] {
            try Data(text.utf8).write(to: folder.url(name))
        }
        let sealed = folder.path("sealed.pem")
        try folder.openssl("pkcs8", "-topk8", "-in", pem, "-passout", "file:" + folder.path("pass"), "-out", sealed)
        #expect(try folder.refusal(["key", "import", sealed]).contains("--passphrase-file"))
        let wrong = try folder.refusal(["key", "import", sealed, "--passphrase-file", folder.path("wrong")])
        #expect(wrong.contains("does not open with this passphrase"))
        #expect(!wrong.contains("staple"))
        let opened = try folder.signet(["key", "import", sealed, "--passphrase-file", folder.path("pass")])
        #expect(opened.status == 0, "\(opened.errors)")
        #expect(try folder.signet(["key", "import", pem]).output.prefix(60) == opened.output.prefix(60))
        #expect(try folder.signet(["key", "import", "--passphrase-file", "-", "-"], input: "x").status == 2)
    }

    @Test("a secret is not shown on a terminal; a public key is")
    func terminal() throws {
        let pem = try folder.makeKey(["-algorithm", "ed25519"])
        let secret = try folder.json(["key", "import", pem])
        let shown = try folder.onTerminal(["key", "import", pem])
        #expect(shown.contains("would be shown on the terminal"))
        #expect(!shown.contains(try #require(secret["d"] as? String)))
        let half = try folder.signet(["key", "public", pem])
        #expect(try folder.onTerminal(["key", "public", pem]).contains(half.output.prefix(40)))
    }

    @Test(
        "an imported key signs in a daemon, whose jwks verifies the token offline and in PyJWT",
        arguments: [
            ("ES256", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]), ("PS256", ["-algorithm", "RSA"]),
            ("EdDSA", ["-algorithm", "ed25519"]),
        ])
    func importedKeyServes(_ algorithm: String, _ kind: [String]) throws {
        let settings = TestDaemon.settings().replacingOccurrences(of: "HS512", with: algorithm)
        let daemon = try TestDaemon(prepared: settings)
        try FileManager.default.removeItem(at: daemon.keys.appending(path: "first.jwk"))
        let pem = try folder.makeKey(kind)
        let imported = try folder.signet(["key", "import", "--into", daemon.keys.path, "--algorithm", algorithm, pem])
        #expect(imported.status == 0, "\(imported.errors)")
        let kid = imported.output.trimmingCharacters(in: .newlines)
        let file = daemon.keys.appending(path: "\(kid).jwk")
        #expect(try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int == 0o600)
        let text = try String(contentsOf: file, encoding: .utf8)
        let secret = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(!(imported.output + imported.errors).contains(try #require(secret["d"] as? String)))
        try daemon.start()

        let token = try folder.signet(["sign", "--claim", "sub=ada"], to: daemon).output
        let set = try folder.signet(["jwks"], to: daemon)
        #expect(set.status == 0, "\(set.errors)")
        #expect(!set.output.contains("\"d\""))
        #expect(try folder.signet(["jwks", "--keyring", "default"], to: daemon).output == set.output)
        try Data(set.output.utf8).write(to: folder.url("set.jwks"))
        let inspected = try folder.signet(["inspect", "--jwks", folder.path("set.jwks")], input: token)
        #expect(inspected.status == 0, "\(inspected.errors)")
        #expect(inspected.errors.contains("signature valid: \(algorithm), key \"\(kid)\""))
        let python = try Program.run(
            Program.python,
            [
                "-c",
                """
                import json, jwt, sys
                token, text = sys.stdin.read().split("\\n", 1)
                keys = jwt.PyJWKSet.from_dict(json.loads(text)).keys
                kid = jwt.get_unverified_header(token)["kid"]
                key = next(key for key in keys if key.key_id == kid)
                print(jwt.decode(token, key.key, algorithms=["\(algorithm)"], audience="https://api.example.com")["sub"])
                """,
            ], input: token + set.output)
        #expect(python.output == "ada\n", "\(python.errors)")
    }

    @Test("jwks of a ring of HMAC keys is empty; of a missing ring, an error that names it")
    func noPublicKeys() throws {
        let daemon = try TestDaemon()
        #expect(try folder.signet(["jwks"], to: daemon).output == "{\"keys\":[]}\n")
        let missing = try folder.signet(["jwks", "--keyring", "missing"], to: daemon)
        #expect(missing.status == 2)
        #expect(missing.errors.contains("missing"))
    }

    @Test("list shows sound keys and broken files, as a table and as JSON; status 2 when one is broken")
    func list() throws {
        let directory = folder.path("")
        #expect(try folder.signet(["key", "new", "--algorithm", "ES384", "--kid", "a", directory]).status == 0)
        #expect(try folder.signet(["key", "new", "--algorithm", "HS256", "--kid", "b", directory]).status == 0)
        let sound = try folder.signet(["key", "list", directory])
        #expect(sound.status == 0, "\(sound.errors)")
        let rows = sound.output.split(separator: "\n")
        #expect(rows.count == 3 && rows[0].hasPrefix("KID") && rows[1].hasPrefix("a ") && rows[2].hasPrefix("b "))
        #expect(rows[1].contains("ES384") && rows[1].contains("P-384") && rows[1].contains("  previous  "))
        #expect(rows[2].contains("  current  "))
        try Data("{}".utf8).write(to: folder.url("c.jwk"))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.path("c.jwk"))
        let broken = try folder.signet(["key", "list", "-o", "json", directory])
        #expect(broken.status == 2)
        #expect(broken.errors.contains("c.jwk: has no \"kty\""))
        let json = try #require(JSONSerialization.jsonObject(with: Data(broken.output.utf8)) as? [String: Any])
        let keys = try #require(json["keys"] as? [[String: Any]])
        #expect(keys.map { $0["kid"] as? String } == ["a", "b"])
        #expect(keys.map { $0["state"] as? String } == ["previous", "current"])
        #expect(keys.allSatisfy { $0["can_sign"] as? Bool == true && $0["k"] == nil && $0["d"] == nil })
        #expect((json["errors"] as? [[String: Any]])?.count == 1)
        #expect(try folder.signet(["key", "list", folder.path("missing")]).status == 2)
    }
}
