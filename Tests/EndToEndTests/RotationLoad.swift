import Foundation
import Synchronization
import Testing

/// Connections that sign and verify without pause, and write down whatever is not as it must be.
final class RotationLoad: Sendable {
    private let daemon: TestDaemon.Address
    private let profile: String
    private let state = Mutex(State())
    private let connections: Int

    private struct State {
        var isStopped = false
        var latest: [String?]
        var revoked: Set<String> = []
        var counts = Counts()
        var running = 0
        init(connections: Int = 0) { latest = Array(repeating: nil, count: connections) }
    }

    struct Counts {
        var signed = 0
        var verified = 0
        /// Tokens that were verified again shortly before their end.
        var old = 0
        var kids: Set<String> = []
        var faults: [String] = []
    }

    /// - Parameter sample: Gets some of the tokens, from many threads.
    init(
        _ daemon: TestDaemon, profile: String, connections: Int, sample: @escaping @Sendable (String) -> Void
    ) {
        self.daemon = daemon.address
        self.profile = profile
        self.connections = connections
        state.withLock {
            $0 = State(connections: connections)
            $0.running = connections
        }
        for number in 0..<connections {
            Thread.detachNewThread { [self] in
                do { try run(number, sample) } catch { fault("connection \(number) ended: \(error)") }
                state.withLock { $0.running -= 1 }
            }
        }
    }

    /// From now on, tokens of that key may be refused as revoked.
    func expectRevocation(of kid: String) { state.withLock { _ = $0.revoked.insert(kid) } }

    /// Ends the load; what it did and saw.
    func stop() -> Counts {
        state.withLock { $0.isStopped = true }
        while state.withLock({ $0.running > 0 }) { usleep(1_000) }
        return state.withLock { $0.counts }
    }

    private func run(_ number: Int, _ sample: (String) -> Void) throws {
        let client = try LineClient(daemon.socket)
        var kept: [(token: String, kid: String, expires: Int)] = []
        var turn = 0
        while !state.withLock({ $0.isStopped }) {
            turn += 1
            let ttl = 3 + turn % 4
            let signed = try client.ask(#"{"op":"sign","profile":"\#(profile)","ttl":\#(ttl),"claims":{"sub":"u"}}"#)
            guard signed.isOK, let expires = signed["exp"] as? Int else {
                fault("not signed: \(signed)")
                continue
            }
            let (token, kid) = (signed.text("token"), signed.text("kid"))
            let other = state.withLock { state in
                state.latest[number] = token
                state.counts.signed += 1
                state.counts.kids.insert(kid)
                return state.latest[(number + turn) % connections] ?? token
            }
            try verify(other, by: client)
            // Some tokens again, shortly before their end: their keys are previous by then, perhaps for long.
            if turn % 10 == 0 { kept.append((token, kid, expires)) }
            let now = Int(time(nil))
            for old in kept where old.expires - now == 1 {
                try verify(old.token, by: client)
                state.withLock { $0.counts.old += 1 }
            }
            kept.removeAll { $0.expires - now <= 1 }
            if turn % 25 == 0 { sample(token) }
        }
    }

    private func verify(_ token: String, by client: LineClient) throws {
        let answer = try client.ask(#"{"op":"verify","profile":"\#(profile)","token":"\#(token)"}"#)
        if answer.isValid == true { return state.withLock { $0.counts.verified += 1 } }
        let kid = TokenText(token).kid
        let isRevoked = answer.reason == "revoked" && state.withLock { $0.revoked.contains(kid) }
        // A token may reach its end between the choice and the answer, and with it its key. The time is read as the daemon
        // reads it: time(2) may be a tick behind.
        let isOver =
            ["expired", "unknown_key"].contains(answer.reason)
            && Double(TokenText(token).expires) <= Date().timeIntervalSince1970
        if !isRevoked, !isOver { fault("\(kid) did not verify: \(answer)") }
    }

    private func fault(_ text: String) { state.withLock { $0.counts.faults.append(text) } }
}

/// A token taken apart without looking at its signature.
struct TokenText {
    private let header: [String: Any]
    private let claims: [String: Any]

    init(_ token: String) {
        let parts = token.split(separator: ".").map(String.init)
        header = parts.isEmpty ? [:] : Self.object(parts[0])
        claims = parts.count < 2 ? [:] : Self.object(parts[1])
    }

    var kid: String { header["kid"] as? String ?? "" }
    var expires: Int { claims["exp"] as? Int ?? 0 }

    private static func object(_ part: String) -> [String: Any] {
        var text = part.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        while text.utf8.count % 4 != 0 { text += "=" }
        let data = Data(base64Encoded: text) ?? Data()
        return (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] ?? [:]
    }
}

extension TestDaemon {
    /// Where a daemon is reached, for threads.
    struct Address: Sendable { let socket: String }
    var address: Address { Address(socket: socket) }
}
