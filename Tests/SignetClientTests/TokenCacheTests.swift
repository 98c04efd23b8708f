import Synchronization
import Testing

@testable import SignetClient

@Suite("Tokens that are kept")
struct TokenCacheTests {
    /// A daemon that numbers its tokens, and a cache of them with a clock of the test's.
    private final class Setting: Sendable {
        let server: LineServer
        let cache: SignetTokenCache
        private let clock: Cell<SignetTokenCache.Moment>
        private let lines: Cell<[String]>

        /// - Parameters:
        ///   - life: Of each token, in seconds; nil: it does not say.
        ///   - mayAnswer: Opened once for each answer; nil answers at once.
        ///   - refused: How many requests are refused before the first is carried out.
        init(life: Int64? = 100, capacity: Int = 10, mayAnswer: Gate? = nil, refused: Int = 0) throws {
            let (clock, lines) = (Cell(SignetTokenCache.Moment(unix: 1_000, boot: 10)), Cell<[String]>([]))
            server = try LineServer { connection in
                while let line = connection.readLine() {
                    let number = lines.value.withLock { lines in
                        lines.append(line)
                        return lines.count
                    }
                    mayAnswer?.wait()
                    let expiry = life.map { ",\"exp\":\(clock.value.withLock { $0.unix } + $0)" } ?? ""
                    let answer =
                        number <= refused
                        ? #""ok":false,"error":{"code":"no_signing_key","message":"none"}"#
                        : "\"ok\":true,\"token\":\"\(number)\",\"kid\":\"k\"\(expiry)"
                    connection.send("{\"id\":\(requestID(line)),\(answer)}\n")
                }
            }
            (self.clock, self.lines) = (clock, lines)
            let client = try SignetClient(socketPath: server.path, timeout: .seconds(600))
            cache = SignetTokenCache(client, capacity: capacity) { clock.value.withLock { $0 } }
        }

        var requestCount: Int { lines.value.withLock { $0.count } }

        func pass(_ seconds: Int64, steppedBy step: Int64 = 0) {
            clock.value.withLock { $0 = .init(unix: $0.unix + seconds + step, boot: $0.boot + seconds) }
        }

        func token(_ claims: JSON = [:], _ profile: String? = nil, _ ttl: Duration? = nil) async throws -> String {
            try await cache.token(claims, profile: profile, ttl: ttl).token
        }
    }

    private final class Cell<Value: Sendable>: Sendable {
        let value: Mutex<Value>
        init(_ value: Value) { self.value = Mutex(value) }
    }

    @Test("A token is handed out again until half of its life, less a tenth of it at most")
    func halfLife() async throws {
        let setting = try Setting()
        defer { setting.server.stop() }
        #expect(try await setting.token() == "1")
        setting.pass(39)
        #expect(try await setting.token() == "1")
        setting.pass(11)
        #expect(try await setting.token() == "2")
        #expect(setting.requestCount == 2)
    }

    @Test("Neither clock may have come to the half: a step of the system's time does not lengthen a token's use")
    func steps() async throws {
        let setting = try Setting()
        defer { setting.server.stop() }
        #expect(try await setting.token() == "1")
        setting.pass(50, steppedBy: -1_000)
        #expect(try await setting.token() == "2")
        setting.pass(1, steppedBy: 1_000)
        #expect(try await setting.token() == "3")
    }

    @Test("Claims, profile and ttl tell tokens apart, byte for byte")
    func keys() async throws {
        let setting = try Setting()
        defer { setting.server.stop() }
        let keys: [(JSON, String?, Duration?)] = [
            ([:], nil, nil), (["a": 1], nil, nil), (["a": 1.0], nil, nil), ([:], "a", nil), ([:], "", nil),
            ([:], nil, .seconds(1)), ([:], "\u{E9}", nil), ([:], "e\u{301}", nil), (["k": 1], nil, nil),
            (["\u{212A}": 1], nil, nil),
        ]
        for _ in 0..<2 {
            for (position, key) in keys.enumerated() {
                #expect(try await setting.token(key.0, key.1, key.2) == "\(position + 1)")
            }
        }
        #expect(setting.requestCount == keys.count)
    }

    @Test("Callers that want the same at one time share one request")
    func sharing() async throws {
        let mayAnswer = Gate()
        let setting = try Setting(mayAnswer: mayAnswer)
        defer { setting.server.stop() }
        let calls = (0..<20).map { _ in Task { try await setting.token() } }
        while setting.cache.waiters != 20 { await Task.yield() }
        mayAnswer.open()
        for call in calls { #expect(try await call.value == "1") }
        #expect(setting.requestCount == 1)
    }

    @Test("Who began the request and is cancelled goes at once, and the others get their token", arguments: [0, 1])
    func cancellation(cancelled: Int) async throws {
        let mayAnswer = Gate()
        let setting = try Setting(mayAnswer: mayAnswer)
        defer { setting.server.stop() }
        var calls: [Task<String, any Error>] = []
        for number in 1...2 {
            calls.append(Task { try await setting.token() })
            while setting.cache.waiters != number { await Task.yield() }
        }
        calls[cancelled].cancel()
        await #expect(throws: SignetError.cancelled) { try await calls[cancelled].value }
        mayAnswer.open()
        #expect(try await calls[1 - cancelled].value == "1")
        #expect(try await setting.token() == "1")
    }

    @Test("A refusal reaches everyone who waits, and is not kept")
    func refusal() async throws {
        let setting = try Setting(refused: 1)
        defer { setting.server.stop() }
        await #expect(throws: SignetError.noSigningKey(message: "none")) { try await setting.token() }
        #expect(try await setting.token() == "2")
        #expect(try await setting.token() == "2")
    }

    @Test(
        "A token that does not say when it expires, or does so at once, is not kept",
        arguments: [nil, 0, 1, -5] as [Int64?])
    func notKept(life: Int64?) async throws {
        let setting = try Setting(life: life)
        defer { setting.server.stop() }
        #expect(try await setting.token() == "1")
        #expect(try await setting.token() == "2")
    }

    @Test("A token that does not say when it expires is given to one caller only")
    func notShared() async throws {
        let mayAnswer = Gate()
        let setting = try Setting(life: nil, mayAnswer: mayAnswer)
        defer { setting.server.stop() }
        let calls = (0..<3).map { _ in Task { try await setting.token() } }
        while setting.cache.waiters != 3 { await Task.yield() }
        for _ in 0..<3 { mayAnswer.open() }
        var tokens: Set<String> = []
        for call in calls { tokens.insert(try await call.value) }
        #expect(tokens == ["1", "2", "3"])
    }

    @Test("Beyond the capacity the token goes that was not used for longest")
    func capacity() async throws {
        let setting = try Setting(capacity: 2)
        defer { setting.server.stop() }
        #expect(try await setting.token(["n": 1]) == "1")
        #expect(try await setting.token(["n": 2]) == "2")
        #expect(try await setting.token(["n": 1]) == "1")
        #expect(try await setting.token(["n": 3]) == "3")
        #expect(try await setting.token(["n": 1]) == "1")
        #expect(try await setting.token(["n": 2]) == "4")
    }

    @Test("What is removed is asked for again; a capacity of nothing keeps nothing")
    func removal() async throws {
        let setting = try Setting()
        defer { setting.server.stop() }
        #expect(try await setting.token() == "1")
        setting.cache.removeAll()
        #expect(try await setting.token() == "2")
        let none = try Setting(capacity: 0)
        defer { none.server.stop() }
        #expect(try await none.token() == "1")
        #expect(try await none.token() == "2")
    }
}
