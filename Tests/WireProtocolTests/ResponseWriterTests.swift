import StrictJSON
import Testing
import WireProtocol

@Suite struct ResponseWriterTests {
    @Test("WIRE-1 a refusal is one line, whatever its message holds")
    func oneLine() throws {
        var output = Array("before".utf8)
        output.appendRefusal(Refusal(.internal, "a\nb\r\"c\\\u{0}\u{1F}\u{7F}é\u{2028}"))
        #expect(
            ByteString(output)
                == ByteString(
                    "before{\"ok\":false,\"error\":{\"code\":\"internal\",\"message\":"
                        + "\"a\\nb\\r\\\"c\\\\\\u0000\\u001f\u{7F}é\u{2028}\"}}\n"))
    }

    @Test("a refusal says when to try again, if that is known")
    func retryAfter() {
        var output: [UInt8] = []
        output.appendRefusal(Refusal(.rateLimited, "wait", retryAfterMilliseconds: 12))
        output.appendRefusal(Refusal(.overloaded, "wait"))
        #expect(
            ByteString(output)
                == ByteString(
                    "{\"ok\":false,\"error\":{\"code\":\"rate_limited\",\"message\":\"wait\",\"retry_after_ms\":12}}\n"
                        + "{\"ok\":false,\"error\":{\"code\":\"overloaded\",\"message\":\"wait\"}}\n"))
    }

    @Test("WIRE-1 the id stands first, as its raw token")
    func rawID() throws {
        let line = Array("{\"op\":\"ping\",\"id\": \"a\\u0062\" }".utf8)
        var reader = RequestReader()
        _ = try reader.read(line.span)
        var output: [UInt8] = []
        output.beginResponse(id: reader.id, in: line.span, ok: true)
        output.endResponse()
        output.beginResponse(id: nil, in: line.span, ok: false)
        output.endResponse()
        #expect(ByteString(output) == "{\"id\":\"a\\u0062\",\"ok\":true}\n{\"ok\":false}\n")
    }

    @Test("the codes and reasons are those of the protocol, and only the daemon's own state lets one send again")
    func names() {
        #expect(
            Set(ErrorCode.allCases.map(\.rawValue))
                == [
                    "malformed_request", "unknown_op", "not_permitted", "unknown_profile", "unknown_keyring",
                    "claims_rejected",
                    "ttl_too_long", "too_large", "rate_limited", "overloaded", "timeout", "shutting_down",
                    "no_signing_key",
                    "reload_failed", "internal",
                ])
        #expect(
            Set(ErrorCode.allCases.filter(\.mayBeSentAgain).map(\.rawValue)) == [
                "shutting_down", "rate_limited", "overloaded", "timeout",
            ])
        #expect(
            Set(InvalidReason.allCases.map(\.rawValue))
                == [
                    "malformed", "unknown_key", "wrong_algorithm", "bad_signature", "expired", "not_yet_valid",
                    "wrong_issuer", "wrong_audience", "wrong_type", "missing_claim", "revoked",
                ])
        #expect(
            Operation.allCases.map(\.rawValue) == ["ping", "sign", "verify", "explain", "jwks", "status", "reload"])
    }
}
