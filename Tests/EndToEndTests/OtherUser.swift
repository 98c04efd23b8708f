import Foundation
import Testing

/// What other users of the host do. Needs root.
enum OtherUser {
    /// Two uids that no account has.
    static let stranger = "4711"
    static let neighbour = "4712"
    /// The uid that the kernel shows for users it cannot map.
    static let nobody = "65534"

    /// Whether a test can start processes as other users.
    static let isPossible = geteuid() == 0
    static let need: Comment = "needs root to become other users"

    /// Sends lines as another user and reads the answers to the end.
    static func ask(
        _ daemon: TestDaemon, as user: String, group: String? = nil, groups: String? = nil, _ lines: [String]
    ) throws -> [Answer] {
        let input = lines.map { $0 + "\n" }.joined()
        let command = command(["nc", "-N", "-U", daemon.socket], as: user, group: group, groups: groups)
        let program = try Program.run(command[0], Array(command.dropFirst()), input: input)
        return program.output.split(separator: "\n").map { Answer(String($0)) }
    }

    static func run(_ name: String, _ arguments: [String], as user: String) throws -> Program {
        let command = command([name] + arguments, as: user)
        return try Program.run(command[0], Array(command.dropFirst()))
    }

    /// The command that runs another one as that user.
    ///
    /// - Parameters:
    ///   - group: The primary group; nil: one of the same number as the user.
    ///   - groups: The supplementary groups with commas between them; nil: none.
    static func command(
        _ command: [String], as user: String, group: String? = nil, groups: String? = nil
    ) -> [String] {
        let membership = groups.map { "--groups=\($0)" } ?? "--clear-groups"
        return ["setpriv", "--reuid=\(user)", "--regid=\(group ?? user)", membership] + command
    }
}
