import Authorization
import Dispatch
import JOSE
import Keys
import OpenSSL
import SigningService
import StrictJSON
import Synchronization
import Testing

@testable import Server

@Suite("The pool when the snapshot changes")
struct HeavyPoolTests {
    private static let user: UInt32 = 1_000
    private let service = ServiceState(pid: 42, auditLog: nil) { 7 }

    private func snapshot(_ kid: ByteString, _ material: KeyMaterial) -> Snapshot {
        let key = Key(kid: kid, material: material, times: KeyTimes(), file: "memory")
        let entry = AllowEntry(
            number: 1, source: "signetd.toml:1", who: Who(users: NameList(names: ["*"], ids: []), groups: nil),
            permissions: [.sign], audiences: ["https://api.example"], allowedClaims: .all, maximumTTL: 900)
        let profile = Profile(
            name: "default", keyring: "main",
            validation: ClaimsValidation(issuer: "https://issuer.example", requiredClaims: [], leeway: 0),
            audiences: ["https://api.example"], ttl: 900, maximumTTL: 900, backdate: 0, type: TokenType("JWT"),
            fixedClaims: [], allow: [entry])
        return Snapshot(
            keyrings: [Keyring(name: "main", algorithm: .es384, keys: [key])], profiles: [profile],
            admins: Who(users: nil, groups: nil), largestToken: 65_024)
    }

    /// What a loop leaves of a line.
    private func request(_ worker: Worker) throws -> HeavyRequest {
        let line = Array(#"{"op":"sign"}"#.utf8)
        var output: [UInt8] = []
        let identity = Identity(uid: Self.user, gid: 100, supplementaryGroups: [])
        let moment = Moment(unixSeconds: 1_800_000_000, monotonicNanoseconds: 0)
        guard case .heavy(let request) = worker.answer(line.span, from: identity, at: moment, into: &output) else {
            throw CancellationError()
        }
        return request
    }

    @Test(
        "With patience, what was decided before is carried out; without, it is refused, and nothing is lost",
        arguments: [true, false])
    func change(_ isPatient: Bool) throws {
        _ = try? SecretMemory.open()
        let material = try KeyMaterial(try KeyPair.generate(.ec(.p384)), .es384)
        let (old, new) = (snapshot("old", material), snapshot("new", material))
        let pool = try HeavyPool.start(
            threads: 2, limit: 4_000, patience: isPatient ? .seconds(600) : .seconds(0), snapshot: old,
            service: service)
        let loop = try Worker(old, service, leavesHeavyWork: true)
        let answers = Mutex<[String]>([])
        let count = 500
        for _ in 0..<count {
            let refusal = pool.handIn(try request(loop), of: Self.user) { answer, _ in
                answers.withLock { $0.append(String(decoding: answer, as: UTF8.self)) }
            }
            #expect(refusal == nil)
        }
        pool.serve(by: new)
        loop.serve(by: new)
        let done = DispatchSemaphore(value: 0)
        _ = pool.handIn(try request(loop), of: Self.user) { answer, _ in
            answers.withLock { $0.append(String(decoding: answer, as: UTF8.self)) }
            done.signal()
        }
        done.wait()
        pool.close()
        let all = answers.withLock { $0 }
        #expect(all.count == count + 1)
        #expect(all.last?.contains(#""kid":"new""#) == true)
        let refused = all.filter { $0.contains(#""code":"overloaded""#) && $0.contains(#""retry_after_ms":"#) }
        let signed = all.dropLast().filter { $0.contains(#""kid":"old""#) }
        #expect(signed.count + refused.count == count)
        #expect(refused.isEmpty == isPatient)
    }
}
