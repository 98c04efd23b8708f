internal import POSIX
internal import SignetClient

/// What was asked for, for the word on what would allow it.
struct RefusedRequest {
    /// As `allow` entries name it.
    let operation: String
    /// nil: `default`.
    let profile: String?
    /// For whom the daemon was asked; nil: oneself.
    var caller: Caller?
}

/// What a person can do about an error, a line each.
enum NextStep {
    static func hints(after error: SignetError, _ request: RefusedRequest?) -> [String] {
        switch error {
        case .notPermitted: request.map(permission) ?? ["the daemon's admins may: root, unless configured otherwise"]
        case .unknownProfile: ["the profiles stand in /etc/signet/signetd.toml and profiles.d beside it"]
        case .unknownKeyring: ["`sudo signet status` names the keyrings"]
        case .claimsRejected: grant(request, "what you may set: allowed_claims and audiences")
        case .ttlTooLong: grant(request, "how long it may be: max_ttl")
        case .tooLarge: ["max_request_bytes and max_token_bytes in [server] set the limits"]
        case .noSigningKey: ["`sudo signet status` shows the keyring; `signet key rotate KEYRING --reload` makes a key"]
        case .rateLimited(_, let wait): [again(wait), "`rate` in the profile's allow entry sets the limit"]
        case .overloaded(_, let wait): [again(wait), "`sudo signet status` tells which limits were reached"]
        case .reloadFailed: ["`sudo -u signet signetd --check` names all that is wrong with configuration and keys"]
        case .refused: ["the daemon's log says more: journalctl -u signetd"]
        case .unavailable(let path, let reason): unavailable(path, reason)
        case .timedOut: ["is signetd overloaded? systemctl status signetd; --timeout waits longer"]
        case .connectionLost, .shuttingDown: ["is signetd restarting? systemctl status signetd"]
        case .invalidToken, .unexpectedClaims, .malformedRequest, .serverNotTrusted, .cancelled, .protocolViolation: []
        }
    }

    private static func again(_ wait: Duration?) -> String {
        guard let wait else { return "try again later" }
        let seconds = wait.components.seconds + (wait.components.attoseconds > 0 ? 1 : 0)
        return "try again in \(ReadableTime.span(max(seconds, 1)))"
    }

    /// Where the settings stand that refused.
    private static func grant(_ request: RefusedRequest?, _ settings: String) -> [String] {
        let profile = shellWord(request?.profile ?? "default")
        return [
            "\(settings) of profile \(profile) and of the allow entry that serves you",
            "`signet explain --profile \(profile)` shows what would be signed, and names that entry",
        ]
    }

    /// The entry that an admin would add.
    private static func permission(_ request: RefusedRequest) -> [String] {
        let profile = request.profile ?? "default"
        let isBare = profile.utf8.allSatisfy(isBareKeyByte) && !profile.isEmpty
        let key = isBare ? profile : JSON(profile).text
        let caller = request.caller ?? Caller(user: userName)
        let why =
            if request.caller == nil {
                "why: `sudo signet explain --profile \(shellWord(profile)) --as-user \(shellWord(userName))`"
            } else {
                "to ask for others is for the daemon's admins: root, unless configured otherwise"
            }
        let who = [
            ("users", caller.user.map { [$0] } ?? []), ("groups", caller.groups),
            ("units", caller.unit.map { [$0] } ?? []),
        ].filter { !$0.1.isEmpty }.map { "    \($0.0) = \(Output.printable(JSON($0.1.map { JSON($0) }).text))" }
        return [
            why, "an admin may allow it in the configuration, and then `sudo signet reload`:",
            "    [[profile.\(Output.printable(key)).allow]]",
        ] + who + ["    operations = [\"\(request.operation)\"]"]
    }

    private static func unavailable(_ path: String, _ reason: UnavailabilityReason) -> [String] {
        switch reason {
        case .noSocket, .connectionRefused: ["is signetd running? systemctl status signetd"]
        case .permissionDenied: [membership(path)]
        case .system: []
        }
    }

    /// Why the user may not connect, as far as the file tells.
    private static func membership(_ path: String) -> String {
        guard let status = try? FileStatus(path: path) else {
            return "your user may not enter a directory on the way; namei -l \(shellWord(path))"
        }
        let group = (try? UserDatabase.groupName(of: status.group)) ?? "\(status.group)"
        let user = userName
        if status.mode & 0o020 == 0 {
            return "the socket is not for its group; socket_mode in [server] says who may connect"
        }
        if ThisProcess.groupIDs.contains(status.group) {
            return "your user is in its group, \(Output.printable(group)); ls -l \(shellWord(path))"
        }
        return "your user \(Output.printable(user)) is not in group \(Output.printable(group)); "
            + "sudo adduser \(shellWord(user)) \(shellWord(group)), then log in again"
    }

    private static var userName: String {
        (try? UserDatabase.userName(of: ThisProcess.userID)) ?? "\(ThisProcess.userID)"
    }

    private static func isBareKeyByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// For a command line that a person may copy.
    private static func shellWord(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { isBareKeyByte($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "/") }
        if isPlain, !text.isEmpty { return text }
        let quoted = text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
        return "'\(Output.printable(quoted))'"
    }
}
