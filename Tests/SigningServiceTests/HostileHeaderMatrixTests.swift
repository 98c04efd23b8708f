import JOSE
import Keys
import OpenSSL
import SigningService
import StrictJSON
import Testing

/// Each algorithm against each attack on header and form: a sound token is accepted, every other is refused.
@Suite struct HostileHeaderMatrixTests {
    @Test("ALG-1 what is sound is accepted, under every algorithm", arguments: Algorithm.allCases)
    func sound(_ algorithm: Algorithm) throws {
        let matrix = try HostileMatrix(algorithm)
        try matrix.expect("ok", matrix.signed(), "signed by the daemon")
        try matrix.expect("ok", matrix.token(), "signed elsewhere")
        try matrix.expect("ok", matrix.token(matrix.header(("typ", nil))), "without typ")
        try matrix.expect("ok", matrix.token(matrix.header(("x", "{\"crit\":[]}"))), "with an unknown member")
        #expect(try matrix.outcome(matrix.signed(profile: "access"), profile: "access") == "ok")
        #expect(try matrix.outcome(matrix.signed(profile: "other"), profile: "other") == "ok")
    }

    @Test("ALG-1 ALG-2 any other alg is refused though the ring's own key signed", arguments: Algorithm.allCases)
    func otherNames(_ algorithm: Algorithm) throws {
        let matrix = try HostileMatrix(algorithm)
        let name = algorithm.name
        let changedCase = String(name.map { $0.isUppercase ? Character($0.lowercased()) : Character($0.uppercased()) })
        var texts = Algorithm.allCases.map(\.name).filter { $0 != name }
        texts += [
            "none", "None", "nOnE", "NONE", "", changedCase, name.lowercased() + " ", name + " ", " " + name,
            name + "\\u0000", name + "\\n", String(name.dropLast()), name + name, "ES256K", "A256GCM", "dir",
            "RSA-OAEP",
        ]
        for text in texts {
            try matrix.expect("wrong_algorithm", matrix.token(matrix.header(("alg", "\"\(text)\""))), text)
        }
        for json in ["1", "256", "null", "true", "[\"\(name)\"]", "{\"alg\":\"\(name)\"}", "-0.0"] {
            try matrix.expect("wrong_algorithm", matrix.token(matrix.header(("alg", json))), json)
        }
        try matrix.expect("wrong_algorithm", matrix.token(matrix.header(("alg", nil))), "missing")
        try matrix.expect("wrong_algorithm", matrix.token(matrix.header(("alg", nil), ("Alg", "\"\(name)\""))), "Alg")
    }

    @Test("ALG-1 HMAC with the public key as its secret is refused", arguments: Algorithm.allCases)
    func confusion(_ algorithm: Algorithm) throws {
        let matrix = try HostileMatrix(algorithm)
        let encodings = try publicEncodings(of: matrix.own)
        guard case .keyPair = algorithm.mechanism else { return #expect(encodings.isEmpty) }
        #expect(encodings.count == 5)
        for hmac in [Algorithm.hs256, .hs384, .hs512] {
            for (form, octets) in encodings where octets.count >= 64 || hmac == .hs256 {
                let forger = key("k1", try TestKeys.material(octets: octets, hmac))
                let what = "\(hmac.name) with \(form)"
                try matrix.expect(
                    "wrong_algorithm", matrix.token(matrix.header(("alg", "\"\(hmac.name)\"")), by: forger), what)
                try matrix.expect("bad_signature", matrix.token(by: forger), what)
            }
        }
    }

    @Test("ALG-1 the same key pair under another algorithm of its type is refused", arguments: Algorithm.allCases)
    func siblings(_ algorithm: Algorithm) throws {
        let matrix = try HostileMatrix(algorithm)
        guard case .keyPair(let pair, let scheme) = matrix.own.material.form else { return }
        for sibling in Algorithm.allCases where sibling != algorithm && sibling.fits(pair.kind) {
            let signer = key("k1", try KeyMaterial(pair, sibling))
            let named = try matrix.token(matrix.header(("alg", "\"\(sibling.name)\"")), by: signer)
            try matrix.expect("wrong_algorithm", named, sibling.name)
            // Under the ring's own name the signature of another scheme is bad. The names of Edwards keys share theirs.
            try matrix.expect(scheme == .edDSA ? "ok" : "bad_signature", matrix.token(by: signer), sibling.name)
        }
    }

    @Test("ALG-2 HDR-5 what is not three full segments is malformed", arguments: Algorithm.allCases)
    func segmentation(_ algorithm: Algorithm) throws {
        let matrix = try HostileMatrix(algorithm)
        let parts = try segments(matrix.token())
        let none = try segments(matrix.token(matrix.header(("alg", "\"none\""))))
        for token in [
            parts[0] + "." + parts[1], parts[0] + "." + parts[1] + ".", none[0] + "." + none[1] + ".",
            none[0] + "." + none[1], "." + parts[1] + "." + parts[2], (parts + ["x", "y"]).joined(separator: "."),
            (parts + ["x"]).joined(separator: "."), parts.joined(separator: ".") + ".",
            "{\"payload\":\"\(parts[1])\",\"protected\":\"\(parts[0])\",\"signature\":\"\(parts[2])\"}",
            "{\"payload\":\"\(parts[1])\",\"signatures\":[{\"protected\":\"\(parts[0])\",\"signature\":\"\(parts[2])\"}]}",
        ] { try matrix.expect("malformed", token, token) }
    }

    @Test("HDR-2 crit, b64 and zip are malformed in any form", arguments: Algorithm.allCases)
    func extensions(_ algorithm: Algorithm) throws {
        let matrix = try HostileMatrix(algorithm)
        for name in ["crit", "b64", "zip", "\\u0063rit"] {
            for json in ["[]", "[\"exp\"]", "[\"b64\"]", "\"exp\"", "null", "true", "false", "\"DEF\"", "{}", "0"] {
                try matrix.expect("malformed", matrix.token(matrix.header((name, json))), "\(name) \(json)")
            }
        }
        try matrix.expect("malformed", matrix.token(matrix.header(("b64", "false"), ("crit", "[\"b64\"]"))), "RFC 7797")
    }

    @Test("HDR-3 a key that a token brings or names is not used", arguments: Algorithm.allCases)
    func broughtKeys(_ algorithm: Algorithm) throws {
        let matrix = try HostileMatrix(algorithm)
        let brought =
            matrix.stranger.publicJWK.map { String(decoding: $0, as: UTF8.self) } ?? "{\"kty\":\"oct\",\"k\":\"AQ\"}"
        for (name, json) in [
            ("jwk", brought), ("jku", "\"https://evil.example/jwks\""), ("x5u", "\"file:///etc/passwd\""),
            ("x5c", "[\"AAAA\"]"), ("x5t", "\"AAAA\""), ("x5t#S256", "\"AAAA\""), ("keys", "[\(brought)]"),
        ] {
            let header = matrix.header((name, json))
            try matrix.expect("bad_signature", matrix.token(header, by: matrix.stranger), name)
            try matrix.expect("ok", matrix.token(header), name)
        }
    }

    @Test("HDR-4 CLM-3 a kid leads to its key by look-up only", arguments: Algorithm.allCases)
    func keyIDs(_ algorithm: Algorithm) throws {
        let matrix = try HostileMatrix(algorithm)
        for json in [
            "\"../x\"", "\"k1 \"", "\"K1\"", "\"\"", "\"k1\\u0000\"", "\"'; --\"", "1", "null", "[\"k1\"]", "{}",
            "true",
            "\"k\"", "\"\u{212A}1\"", "\"/proc/self/mem\"", "\"" + String(repeating: "k", count: 1_025) + "\"",
        ] { try matrix.expect("unknown_key", matrix.token(matrix.header(("kid", json))), json) }
        try matrix.expect("unknown_key", matrix.token(matrix.header(("kid", nil))), "missing, of two")
        try matrix.expect("bad_signature", matrix.token(matrix.header(("kid", "\"k2\""))), "another key's")
        try matrix.expect("bad_signature", matrix.token(by: matrix.stranger), "another key under our kid")
        // Of the other ring: by its own kid, as signed there, and under ours.
        try matrix.expect(
            "unknown_key", matrix.token(matrix.header(("kid", "\"theirs\"")), by: matrix.theirs), "theirs")
        try matrix.expect("unknown_key", matrix.signed(profile: "other"), "signed for the other profile")
        try matrix.expect("bad_signature", matrix.token(by: matrix.theirs), "theirs under our kid")
    }

    @Test("HDR-6 a typ that is not the profile's is refused", arguments: Algorithm.allCases)
    func types(_ algorithm: Algorithm) throws {
        let matrix = try HostileMatrix(algorithm)
        for json in ["\"at+jwt\"", "\"JWT \"", "\"\"", "null", "1", "\"JOSE\"", "[\"JWT\"]", "\"application/at+jwt\""] {
            try matrix.expect("wrong_type", matrix.token(matrix.header(("typ", json))), json)
        }
        try matrix.expect("wrong_type", matrix.signed(profile: "access"), "of another profile of the ring")
        #expect(try matrix.outcome(matrix.signed(), profile: "access") == "wrong_type")
        for json in ["\"JWT\"", "\"at+jwt;x\"", "\"at+jwt \"", "null", "{}"] {
            #expect(try matrix.outcome(matrix.token(matrix.header(("typ", json))), profile: "access") == "wrong_type")
        }
        #expect(try matrix.outcome(matrix.token(matrix.header(("typ", nil))), profile: "access") == "wrong_type")
        for json in ["\"AT+JWT\"", "\"application/at+jwt\""] {
            #expect(try matrix.outcome(matrix.token(matrix.header(("typ", json))), profile: "access") == "ok")
        }
    }
}
