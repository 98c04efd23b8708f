import Foundation
import Synchronization
import Testing

/// Every token that a daemon has given in all its lives, from connections that sign and verify without pause.
final class Ledger: Sendable {
    struct Token: Sendable {
        let text: String
        let kid: String
        let expires: Int
    }

    private struct State {
        var ids: Set<String> = []
        /// Some tokens of every round, the oldest forgotten first.
        var kept: [Token] = []
        var acknowledgedRevocations: Set<String> = []
        var verified = 0
        var faults: [String] = []
    }

    private let state = Mutex(State())
    private static let keptMost = 3_000
    private static let window = 16

    /// Tokens signed, verifications, and what was wrong.
    var counts: (signed: Int, verified: Int, faults: [String]) {
        state.withLock { ($0.ids.count, $0.verified, $0.faults) }
    }

    /// Some tokens to be looked at: of all ages.
    func sample(using random: inout SeededGenerator) -> [Token] {
        let kept = state.withLock { $0.kept }
        return (0..<min(kept.count, 200)).compactMap { _ in kept.randomElement(using: &random) }
    }

    /// What is in the list stays there.
    func takeRevocations(_ kids: Set<String>, _ context: Comment) {
        let lost = state.withLock { state in
            defer { state.acknowledgedRevocations.formUnion(kids) }
            return state.acknowledgedRevocations.subtracting(kids)
        }
        #expect(lost == [], context)
    }

    /// Loads the daemon until it is gone; the group ends when all connections have.
    func load(_ socket: String, connections: Int) -> DispatchGroup {
        let group = DispatchGroup()
        for number in 0..<connections {
            group.enter()
            Thread.detachNewThread { [self] in
                // It ends by an error when the daemon is killed.
                try? run(socket, number)
                group.leave()
            }
        }
        return group
    }

    private func run(_ socket: String, _ number: Int) throws {
        let client = try LineClient(socket)
        var turn = number
        while true {
            turn += 1
            let life = turn % 3 == 0 ? 1 : 1 + turn % 20
            let sign = "{\"op\":\"sign\",\"profile\":\"\(KillTrial.profile)\",\"ttl\":\(life)}\n"
            try client.send(String(repeating: sign, count: Self.window))
            var latest: Token?
            for index in 0..<Self.window {
                guard let line = try client.readLine() else { return }
                guard let token = note(Answer(line), keeps: index == turn % Self.window) else { continue }
                latest = token
            }
            guard let latest, life > 1 else { continue }
            try client.send(#"{"op":"verify","profile":"\#(KillTrial.profile)","token":"\#(latest.text)"}"# + "\n")
            guard let line = try client.readLine() else { return }
            let answer = Answer(line)
            let isOver = answer.reason == "expired" && Int(Date().timeIntervalSince1970) >= latest.expires
            state.withLock { state in
                state.verified += 1
                // Its key may just have been revoked.
                if answer.isValid != true, !isOver, answer.reason != "revoked" { state.faults.append("\(answer)") }
            }
        }
    }

    private func note(_ answer: Answer, keeps: Bool) -> Token? {
        state.withLock { state in
            guard answer.isOK, let expires = answer["exp"] as? Int else {
                state.faults.append("\(answer)")
                return nil
            }
            if !state.ids.insert(answer.text("jti")).inserted { state.faults.append("a jti came twice: \(answer)") }
            let token = Token(text: answer.text("token"), kid: answer.text("kid"), expires: expires)
            if keeps {
                if state.kept.count >= Self.keptMost { state.kept.removeFirst() }
                state.kept.append(token)
            }
            return token
        }
    }
}
