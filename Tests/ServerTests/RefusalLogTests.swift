import Authorization
import Logging
import NIOCore
@testable import Server
import SigningService
import StrictJSON
import Synchronization
import Testing
import WireProtocol

/// Log lines as they were written, level and fields apart.
private final class LinesWritten: Sendable {
    struct Line: Equatable {
        let level: Logger.Level
        let message: String
        let fields: [String: String]
    }

    private let written = Mutex<[Line]>([])
    var all: [Line] { written.withLock { $0 } }
    func add(_ line: Line) { written.withLock { $0.append(line) } }
    func clear() { written.withLock { $0 = [] } }
}

private struct RecordingLog: LogHandler {
    let lines: LinesWritten
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.info

    init(_ lines: LinesWritten) { self.lines = lines }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        lines.add(
            LinesWritten.Line(
                level: event.level, message: "\(event.message)",
                fields: (event.metadata ?? [:]).mapValues { "\($0)" }))
    }
}

@Suite("The log of refusals") struct RefusalLogTests {
    private let lines = LinesWritten()
    private let web = Identity(uid: 1_000, gid: 100, supplementaryGroups: [], unit: "register.service")
    private let start = NIODeadline.uptimeNanoseconds(5_000_000_000)

    private func log(_ scope: AuditScope = .denied, onDebt: @escaping () -> Void = {}) -> RefusalLog {
        let lines = lines
        return RefusalLog(
            Logger(label: "test") { _ in RecordingLog(lines) }, scope: { scope }, time: { 1_800_000_000 },
            onDebt: onDebt)
    }

    private func refused(_ code: ErrorCode, _ message: String = "no") -> RefusedRequest {
        RefusedRequest(Refusal(code, message), .sign, profile: "web")
    }

    @Test("A line says when, what, who, which profile and why")
    func line() {
        log().note(refused(.notPermitted, "you may not"), from: web, pid: 12, at: start)
        #expect(
            lines.all == [
                LinesWritten.Line(
                    level: .warning, message: "refused",
                    fields: [
                        "event": "refused", "time": "1800000000", "op": "sign", "uid": "1000",
                        "unit": "register.service", "pid": "12",
                        "profile": "web", "code": "not_permitted", "reason": "you may not",
                    ])
            ])
    }

    @Test(
        "Messages that may name what a caller sent are left out",
        arguments: ErrorCode.allCases)
    func reasons(_ code: ErrorCode) {
        log().note(refused(code, "the claim \"tulip\""), from: web, pid: 12, at: start)
        let namesProfilesOnly: Set<ErrorCode> = [.notPermitted, .unknownProfile, .noSigningKey, .internal]
        #expect(lines.all.count == 1)
        #expect((lines.all.first?.fields["reason"] != nil) == namesProfilesOnly.contains(code))
        #expect(lines.all.first?.level == (namesProfilesOnly.contains(code) ? .warning : .info))
    }

    @Test("A refusal before a request was read has no op and no profile, and a long name is cut")
    func partial() {
        let log = log()
        log.note(Refusal(.tooLarge, "long"), from: Identity(uid: 7, gid: 7, supplementaryGroups: []), pid: 3)
        #expect(lines.all.first?.fields.keys.sorted() == ["code", "event", "pid", "time", "uid"])
        let name = ByteString(String(repeating: "x", count: 60_000))
        log.note(RefusedRequest(Refusal(.notPermitted, ""), .verify, profile: name), from: web, pid: 3)
        #expect(lines.all.last?.fields["profile"] == String(repeating: "x", count: 64) + "...")
    }

    @Test("A second has ten lines; the next refusal after it first tells how many there were more")
    func limit() {
        let log = log()
        for _ in 0..<25 { log.note(refused(.notPermitted), from: web, pid: 1, at: start) }
        #expect(lines.all.count == 10)
        lines.clear()
        log.note(refused(.notPermitted), from: web, pid: 1, at: start + .seconds(1))
        #expect(lines.all.map(\.message) == ["suppressed", "refused"])
        #expect(lines.all.first?.fields == ["event": "suppressed", "time": "1800000000", "refusals": "15"])
        #expect(lines.all.first?.level == .warning)
    }

    @Test("A flood that ends has its count told by the sweep, once, and not before its second is over")
    func floodEnds() {
        var reminders = 0
        let log = log { reminders += 1 }
        for _ in 0..<12 { log.note(refused(.notPermitted), from: web, pid: 1, at: start) }
        #expect(log.owes)
        #expect(reminders == 1)
        lines.clear()
        log.settle(at: start + .milliseconds(999))
        #expect(lines.all.isEmpty)
        log.settle(at: start + .seconds(1))
        log.settle(at: start + .seconds(9))
        #expect(lines.all.map { $0.fields["refusals"] } == ["2"])
        #expect(!log.owes)
    }

    @Test("A stop tells the count at once; without a debt it tells nothing")
    func close() {
        let log = log()
        log.close()
        for _ in 0..<11 { log.note(refused(.notPermitted), from: web, pid: 1, at: start) }
        #expect(lines.all.count == 10)
        log.close()
        #expect(lines.all.last?.fields["refusals"] == "1")
    }

    @Test("Of those who ask too fast one a second is told, and the others are counted")
    func rates() {
        let log = log()
        for _ in 0..<100 { log.note(refused(.rateLimited), from: web, pid: 1, at: start) }
        log.note(refused(.notPermitted), from: web, pid: 1, at: start)
        #expect(lines.all.map { $0.fields["code"] } == ["rate_limited", "not_permitted"])
        log.settle(at: start + .seconds(1))
        #expect(lines.all.last?.fields["refusals"] == "99")
    }

    @Test("\"none\" tells nothing, \"all\" as much as \"denied\"")
    func scopes() {
        log(.none).note(refused(.notPermitted), from: web, pid: 1, at: start)
        #expect(lines.all.isEmpty)
        log(.all).note(refused(.notPermitted), from: web, pid: 1, at: start)
        #expect(lines.all.count == 1)
    }
}
