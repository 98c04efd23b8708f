import Authorization
import Foundation
import JOSE
import SigningService
import StrictJSON
import Testing

@Suite struct TokenFormTests {
    @Test("HDR-1 the header is exactly alg, kid, typ", arguments: Algorithm.allCases)
    func header(_ algorithm: Algorithm) throws {
        let worker = try worker([profile(type: "at+jwt")], keys: [try key("k-1\"/\u{E9}", algorithm)])
        let token = try worker.token("{\"alg\":\"none\",\"kid\":\"x\",\"typ\":\"y\",\"crit\":[],\"jku\":\"z\"}")
        let header = try decoded(segments(token)[0])
        #expect(
            header
                == ByteString("{\"alg\":\"\(algorithm.name)\",\"kid\":\"k-1\\\"/\u{E9}\",\"typ\":\"at+jwt\"}"))
        #expect(try claims(token).raw("alg") == "\"none\"")
        #expect(try worker.verify(token).raw("header") == header)
    }

    @Test("HDR-1 no member of a sign request reaches the header", arguments: ["header", "alg", "kid", "typ", "crit"])
    func noHeaderMember(_ name: String) throws {
        #expect(try worker().answer("{\"op\":\"sign\",\"\(name)\":\"x\"}").outcome == "malformed_request")
    }

    @Test("the payload is the caller's claims, the fixed ones, iss, aud, iat, nbf, exp, jti")
    func payload() throws {
        let worker = try worker([
            profile(
                ttl: 600, backdate: 60,
                fixed: [
                    FixedClaim(name: "role", json: Array("\"r\"".utf8)),
                    FixedClaim(name: "n", json: Array("[1,{\"a\":true}]".utf8)),
                ])
        ])
        let answer = try worker.answer(
            "{\"op\":\"sign\",\"id\":7,\"claims\":{ \"sub\" : \"u\", \"email\":\"a@b\" },\"ttl\":60}")
        #expect(answer.names == ["id", "ok", "token", "kid", "exp", "jti"])
        let token = try answer.string("token")
        let jti = try answer.string("jti")
        #expect(
            try decoded(segments(token)[1])
                == ByteString(
                    "{\"sub\":\"u\",\"email\":\"a@b\",\"role\":\"r\",\"n\":[1,{\"a\":true}],"
                        + "\"iss\":\"https://issuer.example\",\"aud\":\"https://api.example\",\"iat\":\(noon),"
                        + "\"nbf\":\(noon - 60),\"exp\":\(noon + 60),\"jti\":\"\(jti)\"}"))
        #expect(try answer.integer("exp") == noon + 60)
        #expect(try answer.string("kid") == "k1")
    }

    @Test("without claims, and with empty ones, the payload is the daemon's alone", arguments: ["", "{}", "{ \t}"])
    func emptyClaims(_ claims: String) throws {
        let member = claims.isEmpty ? "" : ",\"claims\":" + claims
        let token = try worker().answer("{\"op\":\"sign\"\(member)}").string("token")
        #expect(try decoded(segments(token)[1]).text.hasPrefix("{\"iss\":\"https://issuer.example\",\"aud\":"))
    }

    @Test("CLM-7 a jti is 128 bits as 22 base64url characters, and 100,000 of them are distinct")
    func tokenIDs() throws {
        let worker = try worker()
        let line = Array("{\"op\":\"sign\"}".utf8)
        var seen: Set<ArraySlice<UInt8>> = []
        var output: [UInt8] = []
        for _ in 0..<100_000 {
            output.removeAll(keepingCapacity: true)
            _ = worker.answer(line.span, from: .web, at: .noon, into: &output)
            seen.insert(ArraySlice(Array(output.suffix(25).prefix(22))))
        }
        #expect(seen.count == 100_000)
        let answer = try Answer(output)
        let jti = try answer.string("jti")
        #expect(jti.utf8.count == 22)
        #expect(try decoded(jti).bytes.count == 16)
        #expect(seen.contains(ArraySlice(jti.utf8)))
        #expect(try claims(answer.string("token")).string("jti") == jti)
    }

    @Test("CLM-7 explain and sign never show the same jti")
    func explainedTokenID() throws {
        let worker = try worker()
        let explained = try worker.answer("{\"op\":\"explain\"}").object("claims").string("jti")
        #expect(try claims(worker.token()).string("jti") != explained)
    }

    @Test(
        "the signature is the HMAC that Python computes",
        arguments: zip([Algorithm.hs256, .hs384, .hs512], ["sha256", "sha384", "sha512"]))
    func independent(_ algorithm: Algorithm, _ hash: String) throws {
        let token = try worker(keys: [try key("k", algorithm, seed: 200)]).token("{\"sub\":\"\u{E9}\"}")
        let script = """
            import base64, hashlib, hmac, sys
            key, covered = bytes.fromhex(sys.argv[1]), sys.argv[2].rpartition(".")[0]
            tag = hmac.new(key, covered.encode(), getattr(hashlib, sys.argv[3])).digest()
            print(covered + "." + base64.urlsafe_b64encode(tag).decode().rstrip("="))
            """
        let octets = TestKeys.octets(algorithm, seed: 200).map {
            String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)
        }
        let python = Process()
        let output = Pipe()
        python.executableURL = URL(filePath: "/usr/bin/python3")
        python.arguments = ["-c", script, octets.joined(), token, hash]
        python.standardOutput = output
        try python.run()
        let printed = output.fileHandleForReading.readDataToEndOfFile()
        python.waitUntilExit()
        #expect(String(decoding: printed, as: UTF8.self) == token + "\n")
    }
}
