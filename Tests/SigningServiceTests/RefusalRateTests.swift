import StrictJSON
import Testing
import WireProtocol

@Suite("Lines that are refused for what they say")
struct RefusalRateTests {
    private static let limit = Int(Limits.refusalsPerSecond)

    @Test("A user has a second's worth of them, then rate_limited with the time to wait")
    func bucket() throws {
        let worker = try worker()
        let lines = ["{", #"{"op":"dance"}"#, #"{"op":"sign","profile":"none"}"#, #"{"op":"sign","claims":{"exp":1}}"#]
        for number in 0..<Self.limit {
            #expect(try worker.answer(lines[number % lines.count]).outcome != "rate_limited")
        }
        for line in lines {
            let answer = try worker.answer(line)
            #expect(try answer.outcome == "rate_limited")
            #expect(try answer.retryAfter == 1)
        }
        #expect(try worker.answer("{", clock: 1_000_000).outcome == "malformed_request")
        #expect(try worker.answer("{", clock: 1_000_000).outcome == "rate_limited")
        let status = try worker.answer(#"{"op":"status"}"#, from: .admin)
        #expect(try status.object("counters").object("limits").integer("refusals") == 5)
    }

    @Test("Others have their own, and what is right is answered on")
    func others() throws {
        let worker = try worker()
        for _ in 0...Self.limit { _ = try worker.answer("{", from: .stranger) }
        #expect(try worker.answer("{", from: .stranger).outcome == "rate_limited")
        #expect(try worker.answer("{").outcome == "malformed_request")
        #expect(try worker.answer(#"{"op":"ping"}"#, from: .stranger).outcome == "ok")
        #expect(try worker.answer("{", from: .stranger).outcome == "rate_limited")
    }

    @Test("What is no fault of the caller takes nothing out of it")
    func faults() throws {
        let worker = try worker([profile(allow: [entry(rate: 1)])], keys: [])
        for _ in 0...Self.limit { _ = try worker.answer(#"{"op":"sign"}"#) }
        #expect(try worker.answer("{").outcome == "malformed_request")
    }
}
