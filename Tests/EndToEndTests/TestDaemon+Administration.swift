import Foundation
import Testing

/// What `status` tells an admin.
struct DaemonStatus: Decodable {
    let generation: Int
    let pid: Int
    let time: Int
    let lastReload: LastReload?
    let faults: [String]
    let keyrings: [Ring]

    struct LastReload: Decodable {
        let time: Int
        let ok: Bool
        let error: String?
    }

    struct Ring: Decodable {
        let name: String
        let signs: String?
        let keys: [Key]
        let revoked: [String]

        func key(_ kid: String) throws -> Key {
            try #require(keys.first { $0.kid == kid }, "\(name) has no key \(kid)")
        }
    }

    struct Key: Decodable {
        let kid: String
        let state: String
        let signsFrom: Int?
        let verifiesUntil: Int?
        let published: Int?
        let lastExp: Int?
    }

    /// Asks by a connection that is there already.
    init(by client: LineClient) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(Self.self, from: Data(client.ask(#"{"op":"status"}"#).line.utf8))
    }

    func ring(_ name: String = "default") throws -> Ring {
        try #require(keyrings.first { $0.name == name }, "there is no keyring \(name)")
    }

    /// The state of a key of the ring `default`.
    func state(of kid: String) throws -> String { try ring().key(kid).state }
}

/// What tests do to a daemon as its admin.
extension TestDaemon {
    func status() throws -> DaemonStatus { try DaemonStatus(by: connect()) }

    @discardableResult
    func reload(force: Bool = false) throws -> Answer {
        try connect().ask(force ? #"{"op":"reload","force":true}"# : #"{"op":"reload"}"#)
    }

    /// Reloads and requires that it succeeds.
    @discardableResult
    func reloadAnew(force: Bool = false) throws -> Answer {
        let answer = try reload(force: force)
        try #require(answer.isOK, "\(answer)")
        return answer
    }

    /// Replaces the configuration.
    func configure(_ settings: String) throws { try Data(settings.utf8).write(to: configuration) }

    /// Asks for the status until it is as expected: for what time alone changes.
    @discardableResult
    func awaitStatus(_ what: Comment, _ isExpected: (DaemonStatus) throws -> Bool) throws -> DaemonStatus {
        let client = try connect()
        return try awaitResult(what) {
            let status = try DaemonStatus(by: client)
            return try isExpected(status) ? status : nil
        }
    }

    /// Signs with the profile of that name.
    func sign(_ profile: String = "default", ttl: Int? = nil) throws -> Answer {
        let life = ttl.map { ",\"ttl\":\($0)" } ?? ""
        let answer = try connect().ask(#"{"op":"sign","profile":"\#(profile)"\#(life)}"#)
        try #require(answer.isOK, "\(answer)")
        return answer
    }

    func verify(_ token: String, _ profile: String = "default") throws -> Answer {
        try connect().ask(#"{"op":"verify","profile":"\#(profile)","token":"\#(token)"}"#)
    }
}

/// Tries again until there is a result, with a bound on hanging.
@discardableResult
func awaitResult<Result>(_ what: Comment, _ attempt: () throws -> Result?) throws -> Result {
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end {
        if let result = try attempt() { return result }
        usleep(20_000)
    }
    return try #require(nil, what)
}

/// Waits until a process has ended, whoever is to be told of it.
func awaitEnd(ofProcess process: Int32) throws {
    try awaitResult("process \(process) has ended") { hasEnded(process) ? true : nil }
}

/// Until somebody asks for it, a zombie of it stays.
private func hasEnded(_ process: Int32) -> Bool {
    let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
    return stat?.contains(") Z ") ?? true
}

extension Process {
    /// Waits until it has ended. Foundation may learn of that later: when nobody has a descriptor any more that a process
    /// which was begun meanwhile has, too. Nor is its pid its own any more once Foundation knows.
    func awaitEnd() throws {
        try awaitResult("process \(processIdentifier) has ended") {
            !isRunning || hasEnded(processIdentifier) ? true : nil
        }
    }
}
