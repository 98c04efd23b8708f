import Authorization
import JOSE
import Keys
import SigningService
import StrictJSON
import Synchronization
import Testing

/// Keeps what it is given.
private final class MemoryAuditLog: AuditLog {
    private let lines = Mutex<[UInt8]>([])
    private let isFull = Atomic(false)

    var text: String { lines.withLock { String(decoding: $0, as: UTF8.self) } }
    let form: LogLine.Form
    init(_ form: LogLine.Form = .text) { self.form = form }

    var hasRoom: Bool { !isFull.load(ordering: .relaxed) }
    var faults: [String] { hasRoom ? [] : ["the log is full"] }
    func append(_ lines: [UInt8]) { self.lines.withLock { $0 += lines } }
    func fill() { isFull.store(true, ordering: .relaxed) }
}

@Suite("Lines of signatures") struct SignatureAuditTests {
    private let log = MemoryAuditLog()

    private func worker(
        _ scope: AuditScope, _ profile: Profile = profile(), kid: ByteString = "k1", log: MemoryAuditLog?
    ) throws -> Worker {
        let ring = Keyring(name: "main", algorithm: .hs256, keys: [try key(kid)])
        let snapshot = Snapshot(
            keyrings: [ring], profiles: [profile], admins: Who(users: NameList(names: [], ids: [0]), groups: nil),
            audit: scope, largestToken: 65_024)
        return try Worker(snapshot, ServiceState(pid: 42, auditLog: log) { 7 })
    }

    @Test(
        "with \"all\" each signature has a line with time, uid, profile, kid, jti, aud and exp, and nothing of its claims"
    )
    func signed() throws {
        let worker = try worker(.all, log: log)
        let answer = try worker.answer(#"{"op":"sign","claims":{"sub":"Ada","secret":"tulip"},"ttl":60}"#)
        #expect(log.text.isEmpty)
        worker.handOverAudit()
        let jti = try answer.string("jti")
        #expect(
            log.text == """
                signetd: signed time=\(noon) uid=1000 profile=default kid=k1 jti=\(jti) aud=\(api.text) exp=\(noon + 60)

                """)
        worker.handOverAudit()
        #expect(log.text.split(separator: "\n").count == 1)
    }

    @Test("the line has the unit that is known, the audience that the claims chose, and values that cannot end it")
    func values() throws {
        let worker = try worker(.all, kid: "k\n1", log: log)
        let identity = Identity(uid: 1_000, gid: 100, supplementaryGroups: [], unit: "web@7.service")
        _ = try worker.answer(#"{"op":"sign","claims":{"aud":"https://store.example"}}"#, from: identity)
        worker.handOverAudit()
        #expect(log.text.contains(#" uid=1000 unit=web@7.service profile=default kid="k\x0a1" jti="#))
        #expect(log.text.contains(" aud=https://store.example exp="))
        #expect(log.text.utf8.count { $0 == 0x0A } == 1)
    }

    @Test("a token of bytes has a line without jti, aud and exp")
    func bytes() throws {
        let entry = AllowEntry(
            number: 1, source: "signetd.toml:1", who: Who(users: NameList(names: ["*"], ids: []), groups: nil),
            permissions: [.sign], audiences: [], allowedClaims: .all, maximumTTL: 86_400)
        let bytes = Profile(
            name: "hook", keyring: "main", content: .bytes,
            validation: ClaimsValidation(issuer: "", requiredClaims: [], leeway: 30), audiences: [], ttl: 900,
            maximumTTL: 900, backdate: 0, type: TokenType("hook"), fixedClaims: [], allow: [entry])
        let worker = try worker(.all, bytes, log: log)
        #expect(try worker.answer(#"{"op":"sign","profile":"hook","payload":"c2VjcmV0"}"#).raw("ok") == "true")
        worker.handOverAudit()
        #expect(log.text == "signetd: signed time=\(noon) uid=1000 profile=hook kid=k1\n")
    }

    @Test("with \"denied\" and \"none\" no signature has a line", arguments: [AuditScope.denied, .none])
    func others(_ scope: AuditScope) throws {
        let worker = try worker(scope, log: log)
        log.fill()
        #expect(try worker.answer(#"{"op":"sign"}"#).raw("ok") == "true")
        worker.handOverAudit()
        #expect(log.text.isEmpty)
    }

    @Test("what signs nothing has no line: refused, explained, verified")
    func notSigned() throws {
        let worker = try worker(.all, log: log)
        let token = try worker.token()
        worker.handOverAudit()
        let before = log.text
        _ = try worker.answer(#"{"op":"sign","ttl":999999}"#)
        _ = try worker.answer(#"{"op":"sign"}"#, from: .stranger)
        _ = try worker.answer(#"{"op":"explain"}"#)
        _ = try worker.verify(token)
        worker.handOverAudit()
        #expect(log.text == before)
    }

    @Test("while the log has no room nothing is signed, and all else is served; so it is without any log")
    func noRoom() throws {
        let full = try worker(.all, log: log)
        let token = try full.token()
        log.fill()
        for worker in [full, try worker(.all, log: nil)] {
            let answer = try worker.answer(#"{"op":"sign"}"#)
            #expect(try answer.object("error").string("code") == "overloaded")
            #expect(try answer.object("error").integer("retry_after_ms") == 100)
            #expect(try worker.verify(token).raw("valid") == "true")
            #expect(try worker.answer(#"{"op":"explain"}"#).raw("ok") == "true")
        }
        // Who may not sign learns that first.
        let stranger = try full.answer(#"{"op":"sign"}"#, from: .stranger)
        #expect(try stranger.object("error").string("code") == "not_permitted")
        #expect(try full.answer(#"{"op":"status"}"#, from: .admin).raw("faults") == #"["the log is full"]"#)
    }

    @Test("the steps of a reload keep what the log is to tell")
    func including() throws {
        let worker = try worker(.denied, log: log)
        func snapshot(_ kid: ByteString, _ seed: UInt8, _ scope: AuditScope) throws -> Snapshot {
            let ring = Keyring(name: "main", algorithm: .hs256, keys: [try key(kid, seed: seed)])
            return Snapshot(
                keyrings: [ring], profiles: [profile()], admins: Who(users: nil, groups: nil), audit: scope,
                largestToken: 65_024)
        }
        let new = try snapshot("k2", 2, .all)
        worker.verify(with: new.including(try snapshot("k1", 1, .denied)))
        #expect(worker.audit == .all)
        worker.sign(with: new)
        _ = try worker.token()
        worker.handOverAudit()
        #expect(log.text.contains(" kid=k2 "))
    }
}
