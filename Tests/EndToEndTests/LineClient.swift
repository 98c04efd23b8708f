import Foundation
import POSIX
import Testing

/// A client that writes bytes and reads lines, with nothing of Signet's client in it.
///
/// One thread may send while another reads: sending touches the descriptor alone.
final class LineClient: @unchecked Sendable {
    private let socket: Descriptor
    private var received: [UInt8] = []
    private var hasEnded = false

    /// How long an answer may take before the test fails, in nanoseconds: not a measure, a bound on hanging.
    private static let patience: UInt64 = 60_000_000_000

    init(_ path: String) throws { socket = try UnixSocket.connect(to: path, timeout: Self.patience) }

    /// Sends bytes as they are.
    func send(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count { offset += try UnixSocket.send(bytes.span, from: offset, to: socket) }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Says that nothing more comes.
    func endSending() { UnixSocket.endSending(socket) }

    /// The next line without its LF; nil at the end of the stream.
    func readLine() throws -> String? {
        while true {
            if let end = received.firstIndex(of: 0x0A) {
                let line = String(decoding: received[..<end], as: UTF8.self)
                received.removeSubrange(...end)
                return line
            }
            if hasEnded {
                #expect(received.isEmpty, "the stream ended inside a line")
                return nil
            }
            try receive()
        }
    }

    private func receive() throws {
        let readiness = try UnixSocket.waitUntilReadable(socket, timeout: Int32(Self.patience / 1_000_000))
        try #require(readiness == .ready, "no answer came")
        // A reset is an end too: what was read before it counts.
        let more = (try? socket.readSome(limit: 65_536)) ?? []
        hasEnded = more.isEmpty
        received += more
    }

    /// Sends one line and reads its answer.
    func ask(_ line: String) throws -> Answer {
        try send(line + "\n")
        return Answer(try #require(try readLine(), "the connection was closed"))
    }

    /// Reads all lines to the end of the stream.
    func readToEnd() throws -> [Answer] {
        var answers: [Answer] = []
        while let line = try readLine() { answers.append(Answer(line)) }
        return answers
    }
}

/// One answer line, taken apart by Foundation's JSON.
struct Answer: CustomStringConvertible {
    let line: String
    private let object: [String: Any]

    init(_ line: String) {
        self.line = line
        object = (try? JSONSerialization.jsonObject(with: Data(line.utf8))) as? [String: Any] ?? [:]
    }

    var description: String { line }
    /// The names of its members, in order of the alphabet.
    var members: [String] { object.keys.sorted() }
    var isOK: Bool { object["ok"] as? Bool ?? false }
    var errorCode: String? { (object["error"] as? [String: Any])?["code"] as? String }
    /// Milliseconds after which a refusal says to try again.
    var retryAfter: Int? { (object["error"] as? [String: Any])?["retry_after_ms"] as? Int }
    var errorMessage: String? { (object["error"] as? [String: Any])?["message"] as? String }
    var isValid: Bool? { object["valid"] as? Bool }
    var reason: String? { object["reason"] as? String }
    var claims: [String: Any] { object["claims"] as? [String: Any] ?? [:] }
    subscript(_ name: String) -> Any? { object[name] }
    func text(_ name: String) -> String { object[name] as? String ?? "" }
}
