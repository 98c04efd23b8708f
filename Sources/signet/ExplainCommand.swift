internal import ArgumentParser
internal import POSIX
internal import SignetClient

/// `signet explain`.
struct ExplainCommand: AsyncParsableCommand, FormattedCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show what sign would sign, and which rule allows it. Nothing is signed.",
        discussion: """
            Prints one JSON object with header, claims and rule, the allow entry that matched: laid out, or with
            -o json on one line unless on a terminal. The daemon's admins
            may ask for another caller.

            Examples:
              signet explain --profile web --claim sub=user-1
              sudo signet explain --profile web --as-user web --as-unit register.service
            """)

    @OptionGroup var claims: ClaimsOptions

    @Option(help: "Decide for this user instead of yourself.")
    var asUser: String?

    @Option(help: "Decide for a caller in this group; may be repeated.")
    var asGroup: [String] = []

    @Option(help: "Decide for a caller in this system unit.")
    var asUnit: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let (client, object) = (try connection.client(), try claims.read())
        let isForOther = asUser != nil || !asGroup.isEmpty || asUnit != nil
        let caller = isForOther ? Caller(user: asUser, groups: asGroup, unit: asUnit) : nil
        let request = RefusedRequest(operation: "sign", profile: claims.profile, caller: caller)
        let explanation = try await explainingErrors(request) { () async throws(SignetError) in
            try await client.explain(object, profile: claims.profile, ttl: claims.timeToLive, as: caller)
        }
        let answer = JSON(members: [
            ("header", explanation.header), ("claims", explanation.claims), ("rule", explanation.rule),
        ])
        switch output.format {
        case .text: Output.line(prettyPrinted(answer, Paint(for: .output)))
        case .json: Output.json(answer)
        }
    }
}
