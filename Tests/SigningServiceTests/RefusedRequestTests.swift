import SigningService
import StrictJSON
import Testing
import WireProtocol

@Suite("What a refusal knows of its request") struct RefusedRequestTests {
    @Test(
        "its operation, and the profile that it asked for",
        arguments: [
            (#"{"op":"sign"}"#, Operation?.some(.sign), ByteString?.some("default")),
            (#"{"op":"sign","profile":"missing"}"#, .sign, "missing"),
            (#"{"op":"verify","profile":"m\u0069ssing","token":"a.b.c"}"#, .verify, "missing"),
            (#"{"op":"explain","profile":"web"}"#, .explain, "web"), (#"{"op":"jwks"}"#, .jwks, nil),
            (#"{"op":"reload"}"#, .reload, nil), (#"{"op":"sing"}"#, nil, nil), ("{", nil, nil),
        ])
    func known(_ line: String, _ operation: Operation?, _ profile: ByteString?) throws {
        var output: [UInt8] = []
        let outcome = try worker().answer(Array(line.utf8).span, from: .stranger, at: .noon, into: &output)
        guard case .refused(let request) = outcome else {
            Issue.record("was not refused: \(outcome)")
            return
        }
        #expect(request.operation == operation)
        #expect(request.profile == profile)
    }
}
