import JOSE
import SigningService
import StrictJSON
import Testing

@Suite struct TamperingTests {
    @Test("SIG-3 a token changed by one character, anywhere, is never valid", arguments: Algorithm.allCases)
    func everyPosition(_ algorithm: Algorithm) throws {
        let worker = try worker(keys: [try key("k1", algorithm)])
        let token = try worker.token("{\"sub\":\"u\"}")
        #expect(try worker.verify(token).raw("valid") == "true")
        let bytes = Array(token.utf8)
        for position in bytes.indices {
            for replacement in Set("AB_-.=+/ ~".utf8).union([
                bytes[position] ^ 1, bytes[position] ^ 2, bytes[position] ^ 4,
            ]) {
                guard replacement != bytes[position], 0x20..<0x7F ~= replacement else { continue }
                guard replacement != UInt8(ascii: "\""), replacement != UInt8(ascii: "\\") else { continue }
                var changed = bytes
                changed[position] = replacement
                let answer = try worker.verify(String(decoding: changed, as: UTF8.self))
                try #require(answer.raw("valid") == "false", "position \(position), byte \(replacement)")
            }
        }
    }

    @Test("SIG-3 a token that lost, gained or repeats a character is never valid")
    func otherLengths() throws {
        let worker = try worker()
        let bytes = Array(try worker.token("{\"sub\":\"u\"}").utf8)
        for position in bytes.indices {
            var (shorter, longer) = (bytes, bytes)
            shorter.remove(at: position)
            longer.insert(bytes[position], at: position)
            for changed in [shorter, longer, Array(bytes[..<position]), Array(bytes[position...].dropFirst())] {
                let answer = try worker.verify(String(decoding: changed, as: UTF8.self))
                try #require(answer.raw("valid") == "false", "position \(position)")
            }
        }
        #expect(try worker.verify(String(decoding: bytes, as: UTF8.self)).raw("valid") == "true")
    }

    @Test("B64-1 every other last character of a segment is refused, also one of the same bytes")
    func unusedBits() throws {
        let worker = try worker()
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        for padding in 0..<3 {
            let parts = try segments(worker.token("{\"p\":\"\(String(repeating: "x", count: padding))\"}"))
            for part in parts.indices {
                var valid = 0
                for last in alphabet {
                    var changed = parts
                    changed[part] = String(changed[part].dropLast()) + String(last)
                    if try worker.verify(changed.joined(separator: ".")).raw("valid") == "true" { valid += 1 }
                }
                #expect(valid == 1)
            }
        }
    }

    @Test(
        "HDR-5 ALG-2 a token is three segments, the first and last not empty",
        arguments: [
            "H.P", "H.P.", ".P.S", "..", ".", "", "H.P.S.", ".H.P.S", "H.P.S.S", "H.P.S.S.S", "H..P.S",
            "{\"payload\":\"P\"}",
            "H.P.S ", " H.P.S", "H.P.S\n", "H .P.S", "H.P.S\u{0}", "H.P.S=", "H=.P.S", "Bearer H.P.S", "H,P,S",
            "H.P.S,H.P.S",
        ])
    func structure(_ shape: String) throws {
        let worker = try worker()
        let parts = try segments(worker.token())
        var token: [UInt8] = []
        for character in shape {
            switch character {
            case "H": token += Array(parts[0].utf8)
            case "P": token += Array(parts[1].utf8)
            case "S": token += Array(parts[2].utf8)
            default: token += Array(String(character).utf8)
            }
        }
        var line = Array("{\"op\":\"verify\",\"token\":".utf8)
        line.appendJSONString(token)
        #expect(try worker.answer(line + [UInt8(ascii: "}")]).outcome == "malformed")
        #expect(try worker.verify(parts.joined(separator: ".")).outcome == "ok")
    }

    @Test("B64-1 a token written with JSON escapes is the same token")
    func escapes() throws {
        let worker = try worker()
        let token = try worker.token("{\"sub\":\"u\"}")
        let escaped = token.utf8.map { "\\u00" + String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        #expect(try worker.verify(escaped).line == worker.verify(token).line)
        #expect(try worker.verify(escaped).outcome == "ok")
        #expect(try worker.verify(escaped + "\\u000a").outcome == "malformed")
    }

    @Test("ALG-2 an unsecured token of sound claims is refused", arguments: ["none", "None", "nOnE", "NONE", ""])
    func unsecured(_ alg: String) throws {
        let worker = try worker()
        let payload = base64URL(HostileToken.claims())
        for header in ["{\"alg\":\"\(alg)\",\"kid\":\"k1\"}", "{\"alg\":\"\(alg)\"}"] {
            #expect(try worker.verify(base64URL(header) + "." + payload + ".").outcome == "malformed")
            #expect(try worker.verify(base64URL(header) + "." + payload).outcome == "malformed")
            #expect(try worker.verify(base64URL(header) + "." + payload + ".AA").outcome == "wrong_algorithm")
        }
    }

    @Test("SIG-3 a signature of another length is bad, a truncated tag too")
    func tagLength() throws {
        let worker = try worker()
        let parts = try segments(worker.token())
        let tag = try decoded(parts[2]).bytes
        for changed in [
            Array(tag.dropLast()), tag + [0], tag + tag, Array(tag.prefix(1)), Array(repeating: 0, count: 64),
        ] {
            var encoded: [UInt8] = []
            Base64URL.append(changed.span, to: &encoded)
            let token = parts[0] + "." + parts[1] + "." + String(decoding: encoded, as: UTF8.self)
            #expect(try worker.verify(token).outcome == "bad_signature")
        }
        #expect(try worker.verify(parts.joined(separator: ".")).outcome == "ok")
    }
}
