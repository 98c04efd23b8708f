import Authorization
import JOSE
import Keys
import SigningService
import StrictJSON
import Testing
import WireProtocol

/// How loops go from one snapshot to another, and what admins ask of the daemon.
@Suite struct ReloadStepsTests {
    private func snapshot(_ keys: [Key], revoked: [ByteString] = [], generation: Int64 = 1) -> Snapshot {
        Snapshot(
            keyrings: [Keyring(name: "main", algorithm: .hs256, keys: keys, revoked: revoked)], profiles: [profile()],
            admins: Who(users: NameList(names: ["root"], ids: [0]), groups: nil), largestToken: 65_024,
            generation: generation)
    }

    private func loop(_ snapshot: Snapshot) throws -> Worker { try Worker(snapshot, ServiceState(pid: 42) { 7 }) }

    @Test("ROT-4 at each step of a swap, what any loop signs verifies on every other loop")
    func steps() throws {
        _ = Arena.isOpen
        let (old, new) = (try key("old", seed: 1), try key("new", seed: 2))
        let (before, after) = (snapshot([old]), snapshot([new], generation: 2))
        let both = after.including(before)
        let loops = try [loop(before), loop(before), loop(before)]
        func allVerify() throws {
            for token in try loops.map({ try $0.token() }) {
                for loop in loops { #expect(try loop.verify(token).outcome == "ok") }
            }
        }
        try allVerify()
        for step in 0..<2 {
            for loop in loops {
                if step == 0 { loop.verify(with: both) } else { loop.sign(with: after) }
                try allVerify()
            }
        }
        let last = try loops[0].token()
        for loop in loops {
            loop.verify(with: after)
            for other in loops { #expect(try other.verify(last).outcome == "ok") }
        }
        #expect(try loops[0].answer(#"{"op":"sign"}"#).string("kid") == "new")
        #expect(try loops[0].answer(#"{"op":"status"}"#).integer("generation") == 2)
    }

    @Test("ROT-4 a removed key verifies until the last step, a revoked one from the first step on not")
    func removal() throws {
        _ = Arena.isOpen
        let (old, bad, new) = (try key("old", seed: 1), try key("bad", seed: 3), try key("new", seed: 2))
        let before = snapshot([old, bad])
        let worker = try loop(before)
        let tokens = try [[old], [bad]].map { try loop(snapshot($0)).token() }
        let after = snapshot([new], revoked: ["bad"])
        worker.verify(with: after.including(before))
        #expect(try tokens.map { try worker.verify($0).outcome } == ["ok", "revoked"])
        worker.sign(with: after)
        #expect(try tokens.map { try worker.verify($0).outcome } == ["ok", "revoked"])
        worker.verify(with: after)
        #expect(try tokens.map { try worker.verify($0).outcome } == ["unknown_key", "revoked"])
    }

    @Test("a snapshot that keeps all keys is its own union")
    func sameKeys() throws {
        let (a, b) = (try key("a", seed: 1), try key("b", seed: 2))
        let (before, after) = (snapshot([a]), snapshot([a, b]))
        #expect(after.including(before) === after)
        #expect(before.including(after) !== before)
    }

    @Test("ROT-2 a signature is noted with its exp, and one of bytes as never expiring")
    func noted() throws {
        let snapshot = snapshot([try key("a", seed: 1)])
        let worker = try loop(snapshot)
        let life = snapshot.keyrings[0].lives.all[0]
        #expect(!life.record.hasSigned)
        let exp = try worker.answer(#"{"op":"sign","ttl":60}"#).integer("exp")
        #expect(life.record.hasSigned)
        #expect(life.record.latestExpiry == exp)
        _ = try worker.answer(#"{"op":"sign","ttl":5}"#)
        #expect(life.record.latestExpiry == exp)
    }

    @Test("refresh_hint is the shortest verifier_cache of the rings in the answer, and at least a second")
    func refreshHint() throws {
        func ring(_ name: ByteString, _ cache: Int64) throws -> Keyring {
            Keyring(name: name, algorithm: .es256, keys: [try key("k", .es256)], verifierCache: cache)
        }
        let snapshot = Snapshot(
            keyrings: try [ring("a", 600), ring("b", 300), ring("c", 0)], profiles: [],
            admins: Who(users: NameList(names: ["root"], ids: [0]), groups: nil), largestToken: 65_024)
        let worker = try loop(snapshot)
        func hint(_ ring: String) throws -> Int64 {
            try worker.answer(#"{"op":"jwks","keyring":"\#(ring)"}"#, from: .admin).integer("refresh_hint")
        }
        #expect(try hint("a") == 600)
        #expect(try hint("b") == 300)
        #expect(try hint("c") == 1)
        #expect(try worker.answer(#"{"op":"jwks"}"#, from: .admin).integer("refresh_hint") == 1)
    }

    // The op reload.

    private func outcome(_ line: String, from identity: Identity) throws -> (Worker.Outcome, [UInt8]) {
        var output: [UInt8] = []
        let bytes = Array(line.utf8)
        let outcome = try worker().answer(bytes.span, from: identity, at: .noon, into: &output)
        return (outcome, output)
    }

    @Test("reload is handed on for an admin, with force and id, and refused to others", arguments: [true, false])
    func reloadIsForAdmins(_ force: Bool) throws {
        let line = #"{"op":"reload","id":"r1","force":\#(force)}"#
        let (outcome, output) = try outcome(line, from: .admin)
        guard case .reload(let request) = outcome else {
            Issue.record("not handed on")
            return
        }
        #expect(output.isEmpty)
        #expect(request.force == force)
        var result = ReloadResult(generation: 3)
        result.added = [KeyName(keyring: "web", kid: "k\"1")]
        result.warnings = ["beware"]
        #expect(
            ByteString(request.answer(.success(result)))
                == ##"{"id":"r1","ok":true,"generation":3,"added":[{"keyring":"web","kid":"k\"1"}],"removed":[],"promoted":[],"warnings":["beware"]}\##n"##
        )
        let failure = request.answer(.failure(ReloadFailure(["a: b; c", "d"])))
        #expect(
            ByteString(failure)
                == ##"{"id":"r1","ok":false,"error":{"code":"reload_failed","message":"a: b; c; d"}}\##n"##)
        #expect(try worker().answer(line, from: .web).outcome == "not_permitted")
        #expect(try worker().answer(line, from: .overflow).outcome == "not_permitted")
    }

    @Test("WIRE-4 reload takes force as a boolean and nothing else; status takes nothing")
    func members() throws {
        for line in [
            #"{"op":"reload","force":1}"#, #"{"op":"reload","force":"true"}"#, #"{"op":"reload","keyring":"a"}"#,
            #"{"op":"status","force":true}"#,
        ] { #expect(try worker().answer(line, from: .admin).outcome == "malformed_request") }
    }

    // The op status.

    @Test("status tells everyone version, uptime and generation, and no more")
    func statusForAll() throws {
        let answer = try worker().answer(#"{"op":"status","id":1}"#, from: .stranger)
        #expect(answer.names == ["id", "ok", "version", "uptime", "generation"])
        #expect(try answer.integer("uptime") == 7)
    }

    @Test("status tells admins the keys with their states and times, the last reload, faults and counters")
    func statusForAdmins() throws {
        let records: [ByteString: KeyRecord] = [
            "new": KeyRecord(published: noon), "now": KeyRecord(published: 1, latestExpiry: noon + 9, hasSigned: true),
        ]
        let ring = Keyring(
            name: "main", algorithm: .hs256,
            keys: try [
                key("now", seed: 1, times: KeyTimes(notBefore: 5)),
                key("new", seed: 2, times: KeyTimes(notBefore: noon)),
            ], revoked: ["bad"], verifierCache: 60, records: records)
        let service = ServiceState(pid: 42) { 7 }
        service.note(ServiceState.LastReload(time: noon - 3, error: "web.jwk: broken; mend it"))
        service.note(faults: ["disk full"])
        let snapshot = Snapshot(
            keyrings: [ring], profiles: [profile()], admins: Who(users: NameList(names: [], ids: [0]), groups: nil),
            largestToken: 65_024)
        let worker = try Worker(snapshot, service)
        _ = try worker.answer(#"{"op":"sign"}"#)
        _ = try worker.verify(worker.token())
        _ = try worker.verify("a.b.c")
        _ = try worker.answer(#"{"op":"sing"}"#)
        let answer = try worker.answer(#"{"op":"status"}"#, from: .admin)
        #expect(try answer.integer("pid") == 42)
        #expect(
            answer.raw("last_reload")
                == ByteString(#"{"time":\#(noon - 3),"ok":false,"error":"web.jwk: broken; mend it"}"#))
        #expect(answer.raw("faults") == #"["disk full"]"#)
        let limits = ServiceLimit.allCases.map { "\"\($0.rawValue)\":0" }.joined(separator: ",")
        #expect(
            answer.raw("counters")
                == ByteString(
                    #"{"signed":2,"verified":1,"invalid":1,"refused":{"unknown_op":1},"limits":{\#(limits)}}"#))
        let exp = noon + 900
        #expect(
            answer.raw("keyrings")
                == ByteString(
                    #"[{"name":"main","algorithm":"HS256","verifier_cache":60,"signs":"now","keys":["#
                        + #"{"kid":"new","alg":"HS256","state":"next","signs_from":\#(noon + 60),"verifies_until":null,"#
                        + #""expires":null,"published":\#(noon),"last_exp":null,"safe_to_remove":null,"file":"memory"},"#
                        + #"{"kid":"now","alg":"HS256","state":"current","signs_from":5,"verifies_until":null,"#
                        + #""expires":null,"published":1,"last_exp":\#(exp),"safe_to_remove":null,"file":"memory"}"#
                        + #"],"revoked":["bad"]}]"#))
    }
}
