import Authorization
import JOSE
import Keys
import StrictJSON
import Testing
import WireProtocol

@testable import SigningService

/// Keeps nothing, and has faults.
private final class FaultyLog: AuditLog {
    let form = LogLine.Form.text
    let hasRoom = true
    let faults: [String]
    init(faults: [String]) { self.faults = faults }
    func append(_ lines: [UInt8]) {}
}

/// What the service answers that is about the daemon as a whole.
@Suite struct ServiceAnswersTests {
    private let service = ServiceState(pid: 42, auditLog: FaultyLog(faults: ["c"])) { 7 }

    init() { _ = Arena.isOpen }

    private func snapshot(_ keyrings: [Keyring], profiles: [Profile] = []) -> Snapshot {
        Snapshot(
            keyrings: keyrings, profiles: profiles,
            admins: Who(users: NameList(names: ["root"], ids: [0]), groups: nil),
            largestToken: 65_024)
    }

    private func ring(_ name: ByteString, _ keys: [Key]) -> Keyring {
        Keyring(name: name, algorithm: .hs256, keys: keys)
    }

    private func status(_ worker: Worker) throws -> Answer { try worker.answer(#"{"op":"status"}"#, from: .admin) }

    @Test("status has all faults, all keys of a ring, and how the last reload ended")
    func status() throws {
        let keys = [
            try key("a", seed: 1, times: KeyTimes(notBefore: 5)), try key("b", seed: 2, times: KeyTimes(notBefore: 4)),
        ]
        let worker = try Worker(snapshot([ring("main", keys)]), service)
        service.note(faults: ["a", "b"])
        service.note(.init(time: 9, error: nil))
        let answer = try status(worker)
        #expect(answer.raw("faults") == #"["a","b","c"]"#)
        #expect(answer.raw("last_reload") == #"{"time":9,"ok":true}"#)
        let rings = try #require(answer.raw("keyrings")).text
        #expect(rings.contains(#""kid":"a","alg":"HS256","state":"current""#))
        #expect(rings.contains(#"},{"kid":"b","alg":"HS256","state":"previous""#))
        service.note(.init(time: 10, error: "a \"reason\""))
        #expect(try status(worker).raw("last_reload") == #"{"time":10,"ok":false,"error":"a \"reason\""}"#)
    }

    @Test("what the transport refuses and limits is counted too", arguments: ServiceLimit.allCases)
    func counted(_ limit: ServiceLimit) throws {
        let worker = try Worker(snapshot([]), service)
        worker.count(limit)
        worker.count(Refusal(.tooLarge, "a line"))
        worker.count(Refusal(.tooLarge, "a line"))
        let counters = try status(worker).object("counters")
        #expect(try counters.object("limits").integer(ByteString(limit.rawValue)) == 1)
        #expect(try counters.object("refused").integer("too_large") == 2)
    }

    @Test("a worker tells what the last line asked for; nothing where it could not be read")
    func operation() throws {
        let worker = try Worker(snapshot([]), service)
        #expect(worker.operation == nil)
        _ = try status(worker)
        #expect(worker.operation == .status)
        _ = try worker.answer("{")
        #expect(worker.operation == nil)
    }

    @Test("a ring that a reload adds is as it is while loops change over")
    func newRing() throws {
        let before = snapshot([ring("main", [try key("old", seed: 1)])])
        let after = snapshot([ring("main", [try key("new", seed: 2)]), ring("added", [try key("x", seed: 3)])])
        let both = after.including(before)
        #expect(both.keyrings.map(\.name) == ["main", "added"])
        #expect(both.keyrings.map(\.keys.count) == [2, 1])
    }

    @Test("a reload's answer names each key and each warning")
    func reloadAnswer() throws {
        var output: [UInt8] = []
        let line = Array(#"{"op":"reload","id":1}"#.utf8)
        let outcome = try Worker(snapshot([]), service).answer(line.span, from: .admin, at: .noon, into: &output)
        guard case .reload(let reload) = outcome else {
            Issue.record("not left to others")
            return
        }
        var result = ReloadResult(generation: 3)
        result.added = [KeyName(keyring: "r", kid: "a"), KeyName(keyring: "r", kid: "b")]
        result.warnings = ["one", "two"]
        #expect(
            ByteString(reload.answer(.success(result))).text
                == #"{"id":1,"ok":true,"generation":3,"added":[{"keyring":"r","kid":"a"},{"keyring":"r","kid":"b"}],"#
                + #""removed":[],"promoted":[],"warnings":["one","two"]}"# + "\n")
    }

    @Test(
        "what is for admins says so, and to one at another socket, where to ask",
        arguments: [#"{"op":"reload"}"#, #"{"op":"explain","as":{"user":"x"}}"#])
    func admins(_ line: String) throws {
        let worker = try Worker(snapshot([ring("main", [try key()])], profiles: [profile()]), service)
        let elsewhere = Identity(uid: 0, gid: 0, supplementaryGroups: [], mayAdminister: false)
        for (identity, end) in [
            (Identity.stranger, "is for admins"), (elsewhere, "is for admins, at their own socket"),
        ] {
            let answer = try worker.answer(line, from: identity)
            #expect(try answer.outcome == "not_permitted")
            #expect(try answer.message.hasSuffix(end), "\(answer.line.text)")
        }
    }

    @Test("a request that is left to others keeps its line in memory")
    func byteCount() throws {
        let slow = Keyring(name: "main", algorithm: .es384, keys: [try key("k", .es384)])
        let worker = try Worker(snapshot([slow], profiles: [profile()]), service, leavesHeavyWork: true)
        var output: [UInt8] = []
        let line = Array(#"{"op":"sign"}"#.utf8)
        guard case .heavy(let request) = worker.answer(line.span, from: .web, at: .noon, into: &output) else {
            Issue.record("not left")
            return
        }
        #expect(request.byteCount == line.count)
    }

    @Test("verify without a token, and a payload of bytes that is no canonical base64url, are malformed")
    func malformed() throws {
        #expect(try worker().answer(#"{"op":"verify"}"#).outcome == "malformed_request")
        let open = AllowEntry(
            number: 1, source: "s", who: Who(users: NameList(names: ["*"], ids: []), groups: nil),
            permissions: [.sign, .verify], audiences: [], allowedClaims: .all, maximumTTL: 1)
        let hooks = Profile(
            name: "default", keyring: "main", content: .bytes,
            validation: ClaimsValidation(issuer: "", requiredClaims: [], leeway: 0), audiences: [], ttl: 1,
            maximumTTL: 1, backdate: 0, type: TokenType("hook"), fixedClaims: [], allow: [open])
        let signer = try key("k")
        let worker = try worker([hooks], keys: [signer])
        let header = base64URL(#"{"alg":"HS256","kid":"k","typ":"hook"}"#)
        #expect(try worker.verify(try signature(over: header + ".AA", by: signer)).outcome == "ok")
        for payload in ["A", "AB", "AA=", "A+"] {
            let token = try signature(over: header + "." + payload, by: signer)
            #expect(try worker.verify(token).outcome == "malformed", "\(payload)")
        }
    }

    @Test("Refusals are limited also when the user's bucket was dropped and made anew meanwhile")
    func refusals() throws {
        let worker = try Worker(snapshot([]), service)
        let second: UInt64 = 1_000_000_000
        #expect(try worker.answer("{").outcome == "malformed_request")
        // So many others come that the silent ones are dropped. The worker still holds the old bucket.
        for user in 1...100 {
            _ = service.buckets.bucket(
                BucketTable.Key(user: UInt32(user), profile: "x", entry: 1, rate: 1), at: 5 * second)
        }
        for _ in 0..<Limits.refusalsPerSecond {
            #expect(try worker.answer("{", clock: 5 * second).outcome == "malformed_request")
        }
        #expect(try worker.answer("{", clock: 5 * second).outcome == "rate_limited")
    }

    @Test("a line of the log shows how grave it is from warnings on, and fields of several words by their names")
    func logLine() {
        func line(_ form: LogLine.Form, _ priority: LogLine.Priority) -> [UInt8] {
            var line = LogLine(form)
            line.begin(Array("x".utf8).span, priority, nil)
            line.add(Array("retry_after".utf8).span, Array("5".utf8).span)
            var bytes: [UInt8] = []
            line.append(to: &bytes)
            return bytes
        }
        for (priority, level) in [
            (LogLine.Priority.critical, "critical: "), (.error, "error: "), (.warning, "warning: "), (.notice, ""),
            (.info, ""), (.debug, ""),
        ] {
            #expect(String(decoding: line(.text, priority), as: UTF8.self) == "signetd: \(level)x retry_after=5\n")
        }
        let entry = line(.journal, .critical)
        let fields = LogLine.entry(at: 0, in: entry.span).fields.map { String(decoding: entry[$0], as: UTF8.self) }
        #expect(fields.contains("PRIORITY=2") && fields.contains("SIGNET_RETRY_AFTER=5"))
    }
}
