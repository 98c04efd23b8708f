internal import POSIX
internal import SignetClient
internal import Synchronization
internal import WireProtocol

/// Many requests over one connection: a JSON object a line of standard input, an answer a line of standard output, in
/// the same order. Input of any length takes the same memory.
struct Batch: Sendable {
    /// Answers of a request that went well.
    typealias Members = [(String, JSON)]

    /// How many requests may be in flight.
    private static let windowSize = 128
    /// Bytes that every daemon takes, whatever its limit. A daemon closes the connection of a line that is too long for
    /// it, which must harm no other: a longer one travels by itself, until one of its length has been taken.
    private static let surelyTaken = Limits.smallestRequestBytes - 400
    /// How long lines are sent again to a daemon that has no room, or that lets the user do no more for now, while it
    /// carries out none.
    private static let patience = Duration.seconds(60)
    private static let longestPause = Duration.seconds(2)

    let connection: ConnectionOptions
    /// One request, of the object on the line.
    let request: @Sendable (SignetClient, JSON) async throws(SignetError) -> Members
    /// Bytes of the object that the request holds, at most those of its line.
    let size: @Sendable (JSON) -> Int
    /// When the daemon carried out a line last. Lines in flight compete for what the rate lets pass, so that one may have
    /// to wait for long while others are served.
    private let lastProgress = LastProgress()

    private final class LastProgress: Sendable {
        private let moment = Mutex(ContinuousClock.now)
        /// Whether it is worth waiting on for a line that began at `begin`.
        func isRecent(since begin: ContinuousClock.Instant) -> Bool {
            moment.withLock { max($0, begin) + patience > .now }
        }
        func note() { moment.withLock { $0 = .now } }
    }

    private enum Verdict { case good, invalidToken, error }

    private struct Answer: Sendable {
        let line: [UInt8]
        let verdict: Verdict
        let inputEnd: Int
        /// Of a request that was carried out; else 0.
        let sizeTaken: Int
    }

    /// - Throws: When a line failed, after all are answered; before the first when nobody answers at the socket.
    func run() async throws(Failure) {
        let client = try connection.client()
        _ = try await explainingErrors { () async throws(SignetError) in try await client.ping() }
        let window = OrderedWindow<Answer>(size: Self.windowSize)
        async let tally = write(window)
        let problem = await send(over: client, window)
        let (count, invalid, failed) = await tally
        if let problem { throw Failure("cannot read standard input: \(problem)") }
        if failed > 0 { throw Failure("\(failed) of \(count) lines failed; their answers say why") }
        if invalid > 0 { throw Failure(invalidToken: "\(invalid) of \(count) tokens are not valid") }
    }

    /// Reads and sends to the end of the input; returns why it ended early.
    private func send(over client: SignetClient, _ window: OrderedWindow<Answer>) async -> Errno? {
        defer { window.close() }
        var lines = InputLines()
        var longestTaken = Self.surelyTaken
        do throws(Errno) {
            while let some = try await lines.next() {
                for line in some where line.bytes?.allSatisfy(Self.isWhiteSpace) != true {
                    let place = await window.begin()
                    if (line.bytes?.count ?? 0) > longestTaken {
                        let answer = await answer(line, nil)
                        longestTaken = max(longestTaken, answer.sizeTaken)
                        window.finish(place, answer)
                    } else {
                        Task { window.finish(place, await answer(line, client)) }
                    }
                }
            }
            return nil
        } catch {
            return error
        }
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }

    /// Writes the answers; one write for all that are ready.
    private func write(_ window: OrderedWindow<Answer>) async -> (count: Int, invalid: Int, failed: Int) {
        var progress = BatchProgress()
        var (count, invalid, failed) = (0, 0, 0)
        while true {
            let answers = await window.take()
            guard let last = answers.last else { break }
            Output.bytes(Array(answers.map(\.line).joined()))
            count += answers.count
            for answer in answers {
                switch answer.verdict {
                case .good: break
                case .invalidToken: invalid += 1
                case .error: failed += 1
                }
            }
            progress.show(count: count, inputRead: last.inputEnd)
        }
        progress.clear()
        return (count, invalid, failed)
    }

    /// - Parameter client: nil: one for this line alone.
    private func answer(_ line: InputLines.Line, _ client: SignetClient?) async -> Answer {
        let members: Members
        let verdict: Verdict
        var sizeTaken = 0
        do throws(SignetError) {
            guard let bytes = line.bytes else { throw .tooLarge(message: "the line is too long for any daemon") }
            let object = try Self.object(bytes)
            members = [("ok", true)] + (try await patiently(client, object))
            sizeTaken = size(object)
            verdict = .good
        } catch {
            members = error.batchMembers + [("line", JSON(line.number))]
            if case .invalidToken = error { verdict = .invalidToken } else { verdict = .error }
        }
        return Answer(
            line: JSON(members: members).utf8 + [LineFeed.byte], verdict: verdict, inputEnd: line.end,
            sizeTaken: sizeTaken)
    }

    private static func object(_ bytes: [UInt8]) throws(SignetError) -> JSON {
        do throws(InvalidJSON) {
            let json = try JSON(parsingUTF8: bytes)
            if json.utf8.first == UInt8(ascii: "{") { return json }
        } catch {
            throw .malformedRequest(message: "the line is not JSON: \(error.message)")
        }
        throw .malformedRequest(message: "the line is no JSON object")
    }

    /// Sends again what was certainly not carried out, as often as the daemon says that it may be sent later.
    private func patiently(_ shared: SignetClient?, _ object: JSON) async throws(SignetError) -> Members {
        let begin = ContinuousClock.now
        var pause = Duration.milliseconds(50)
        while true {
            do throws(SignetError) {
                let client = if let shared { shared } else { try connection.newClient() }
                let members = try await request(client, object)
                lastProgress.note()
                return members
            } catch {
                let asked: Duration?
                switch error {
                case .rateLimited(_, let retryAfter), .overloaded(_, let retryAfter): asked = retryAfter
                case .invalidToken:
                    lastProgress.note()
                    throw error
                default: throw error
                }
                guard lastProgress.isRecent(since: begin) else { throw error }
                try? await Task.sleep(for: max(asked ?? .zero, pause) * Double.random(in: 1...1.5))
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }
}
