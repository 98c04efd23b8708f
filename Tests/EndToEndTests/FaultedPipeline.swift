import Foundation
import Testing

/// A connection with many requests in flight, which knows of each answer what it must be.
final class FaultedPipeline {
    private let client: LineClient
    private let window: Int
    private var sent: [(id: Int, kind: Kind)] = []
    private var nextID = 0
    /// Tokens that are to be verified: with the profile and the subject.
    private var tokens: [(token: String, profile: String, subject: String)] = []
    private var known: [(token: String, profile: String, subject: String)] = []

    private enum Kind {
        case ping
        case sign(profile: String, subject: String)
        case verify(subject: String)
        case forged
        case malformed
        case notPermitted
        case jwks
    }

    init(_ client: LineClient, window: Int) {
        self.client = client
        self.window = window
    }

    /// Sends a whole window of requests at once.
    func send() throws {
        swap(&tokens, &known)
        tokens = []
        var text = ""
        for number in 0..<window {
            nextID += 1
            let (line, kind) = request(number)
            text += line + "\n"
            sent.append((nextID, kind))
        }
        try client.send(text)
    }

    private func request(_ number: Int) -> (String, Kind) {
        let head = "{\"id\":\(nextID),\"op\":"
        let profile = number % 50 == 0 ? "slow" : number % 2 == 0 ? "web" : "default"
        switch number % 10 {
        case 0, 1, 2, 3:
            // Of many lengths, so that pieces end everywhere.
            let subject = "user-\(nextID)-" + String(repeating: "é", count: number % 70)
            let line = #"\#(head)"sign","profile":"\#(profile)","claims":{"sub":"\#(subject)"}}"#
            return (line, .sign(profile: profile, subject: subject))
        case 4, 5, 6:
            guard let (token, profile, subject) = known.popLast() else { break }
            return (#"\#(head)"verify","profile":"\#(profile)","token":"\#(token)"}"#, .verify(subject: subject))
        case 7:
            guard let (token, profile, _) = known.popLast(), let dot = token.lastIndex(of: ".") else { break }
            let first = token[token.index(after: dot)]
            let forged = token[...dot] + (first == "A" ? "B" : "A") + token[dot...].dropFirst(2)
            return (#"\#(head)"verify","profile":"\#(profile)","token":"\#(forged)"}"#, .forged)
        case 8:
            if number % 3 == 0 { return (#"\#(head)"jwks","keyring":"web"}"#, .jwks) }
            return (#"\#(head)"sign","ttl":"long"}"#, .malformed)
        default:
            if number % 3 == 0 { return (#"\#(head)"sign","profile":"other"}"#, .notPermitted) }
        }
        return (#"\#(head)"ping"}"#, .ping)
    }

    /// Reads the window's answers and looks at each.
    func receive(_ context: Comment) throws {
        for (id, kind) in sent {
            let answer = Answer(try #require(try client.readLine(), context))
            #expect(answer["id"] as? Int == id, context)
            let isRight =
                switch kind {
                case .ping: answer.members == ["id", "ok", "protocol", "version"]
                case .sign(let profile, let subject): isToken(answer, profile, subject)
                case .verify(let subject): answer.isValid == true && answer.claims["sub"] as? String == subject
                case .forged: answer.reason == "bad_signature"
                case .malformed: answer.errorCode == "malformed_request"
                case .notPermitted: answer.errorCode == "unknown_profile" || answer.errorCode == "not_permitted"
                case .jwks: (answer["jwks"] as? [String: Any])?["keys"] != nil
                }
            #expect(isRight, "\(kind): \(answer); \(context)")
        }
        sent = []
    }

    private func isToken(_ answer: Answer, _ profile: String, _ subject: String) -> Bool {
        guard answer.isOK else { return false }
        tokens.append((answer.text("token"), profile, subject))
        return true
    }
}
