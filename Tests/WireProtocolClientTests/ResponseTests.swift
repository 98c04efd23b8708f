import StrictJSON
import Testing
@testable import WireProtocol

private func response(_ text: String, id: Int64? = 7) throws(ResponseError) -> Response {
    try Response(Array(text.utf8), expecting: id)
}

@Suite("Response lines as a client reads them")
struct ResponseTests {
    @Test("Members are found by name, in any order, among others that are ignored")
    func members() throws {
        let answer = try response(#"{"z":[[{}]],"n":-3,"t":"a\nb","ok":true,"o":{"k": 1.0},"b":false,"id":7}"#)
        #expect(try answer.text("t") == "a\nb")
        #expect(try answer.integer("n") == -3)
        #expect(try answer.bool("b") == false)
        #expect(try answer.object("o").bytes == Array(#"{"k":1.0}"#.utf8))
        #expect(answer.has("z"))
        #expect(!answer.has("k"))
        #expect(throws: ResponseError.self) { try answer.text("n") }
        #expect(throws: ResponseError.self) { try answer.integer("t") }
        #expect(throws: ResponseError.self) { try answer.object("z") }
        #expect(throws: ResponseError.self) { try answer.bool("k") }
    }

    @Test("A refusal brings code, message and waiting time")
    func refusal() throws {
        let line = #"{"id":7,"ok":false,"error":{"x":1,"code":"overloaded","message":"busy","retry_after_ms":5}}"#
        #expect(
            throws: ResponseError.refused(
                ServerRefusal(
                    code: .overloaded, codeText: "overloaded", message: "busy", retryAfterMilliseconds: 5, hasID: true))
        ) { try response(line) }
        #expect(
            throws: ResponseError.refused(
                ServerRefusal(
                    code: nil, codeText: "new_code", message: "m", retryAfterMilliseconds: nil, hasID: false))
        ) { try response(#"{"ok":false,"error":{"code":"new_code","message":"m"}}"#) }
    }

    @Test(
        "WIRE-1 an answer without the request's id, or with another, is a violation",
        arguments: [
            #"{"id":8,"ok":true}"#, #"{"id":"7","ok":true}"#, #"{"id":7.0,"ok":true}"#, #"{"ok":true}"#,
            #"{"id":8,"ok":false,"error":{"code":"internal","message":"m"}}"#,
        ])
    func wrongID(line: String) {
        #expect {
            _ = try response(line)
        } throws: { error in
            if case .violation = error as? ResponseError { true } else { false }
        }
    }

    @Test("A request without id takes an answer without id only")
    func noID() throws {
        _ = try response(#"{"ok":true}"#, id: nil)
        #expect(throws: ResponseError.self) { try response(#"{"id":7,"ok":true}"#, id: nil) }
    }

    @Test(
        "JSON-1 JSON-2 what is not strict JSON is no answer",
        arguments: [
            "", "{", "[]", "true", #"{"id":7,"ok":true,"ok":true}"#, #"{"id":7,"ok":1}"#, #"{"id":7}"#,
            #"{"id":7,"ok":false}"#, #"{"id":7,"ok":false,"error":{"code":1,"message":"m"}}"#,
            #"{"id":7,"ok":false,"error":{"code":"internal"}}"#,
        ])
    func malformed(line: String) {
        #expect {
            _ = try response(line)
        } throws: { error in
            if case .violation = error as? ResponseError { true } else { false }
        }
    }

    @Test("What the daemon's writer writes, the client reads")
    func writerAndReader() throws {
        let line: [UInt8] = Array(#"{"id":7,"op":"nope"}"#.utf8)
        var reader = RequestReader()
        var output: [UInt8] = []
        do throws(Refusal) {
            _ = try reader.read(line.span)
        } catch {
            output.appendRefusal(error, id: reader.id, in: line.span)
        }
        output.removeLast()
        let bytes = output
        #expect {
            _ = try Response(bytes, expecting: 7)
        } throws: { error in
            guard case .refused(let refusal) = error as? ResponseError else { return false }
            return refusal.code == .unknownOperation && refusal.hasID
        }
    }

    @Test("UNI-1 codes and reasons are known by their bytes")
    func bytes() {
        #expect(InvalidReason("bad_signature") == .badSignature)
        #expect(InvalidReason("bad_\u{17F}ignature") == nil)
        #expect(InvalidReason("Expired") == nil)
    }
}
