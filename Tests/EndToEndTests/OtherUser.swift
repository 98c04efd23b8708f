import Foundation

/// What other users of the host do. Needs root.
enum OtherUser {
    /// uids that no account has.
    static let stranger = "4711"

    /// Sends lines as another user and reads the answers to the end.
    static func ask(
        _ daemon: TestDaemon, as user: String, groups: String? = nil, _ lines: [String]
    ) throws -> [Answer] {
        let input = lines.map { $0 + "\n" }.joined()
        let program = try run("nc", ["-N", "-U", daemon.socket], as: user, groups: groups, input: input)
        return program.output.split(separator: "\n").map { Answer(String($0)) }
    }

    static func run(
        _ name: String, _ arguments: [String], as user: String, groups: String? = nil, input: String = ""
    ) throws -> Program {
        let membership = groups.map { "--groups=\($0)" } ?? "--clear-groups"
        return try Program.run(
            "setpriv", ["--reuid=\(user)", "--regid=\(user)", membership, name] + arguments, input: input)
    }
}
