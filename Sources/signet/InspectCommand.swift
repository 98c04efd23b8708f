internal import ArgumentParser
internal import JOSE
internal import Keys
internal import POSIX
internal import SignetClient
internal import StrictJSON
internal import WireProtocol

/// `signet inspect`.
struct InspectCommand: ParsableCommand, FormattedCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Decode a token, and check its signature with a key that you have.",
        discussion: """
            Asks nobody. Header and claims go to standard output, one JSON object each;
            times in words, and the rule that a malformed token breaks (docs/rules.md), to
            standard error. Without a key nothing shown is proven: whoever made the token
            may have written anything into it.

            With --jwks, the key is the one that the token's kid names; without kid, the
            only one in the set. With --key it is that key, whatever the kid. Only the
            signature is checked, neither times nor audience: signet verify does that.

            With -o json, one object with header and claims, each null where it cannot be
            decoded, and flaw, what is wrong with token or claims, or null.

            Exit status 0: it is well formed, and signed by the key if there is one. 1: it
            is not. 2: nobody could tell.

            Examples:
              signet inspect < token.jwt
              signet jwks > jwks.json; signet inspect --jwks jwks.json < token.jwt
              signet inspect --key public.pem < token.jwt
            """)

    @OptionGroup var input: TokenArgument

    @Option(help: "A JWK Set to check the signature with.", completion: .file())
    var jwks: String?

    @Option(help: "A key to check the signature with: JWK or PEM, public or private.", completion: .file())
    var key: String?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if jwks != nil, key != nil { throw ValidationError("give --jwks or --key, not both") }
        if input.token == nil || input.token == "-", jwks == "-" || key == "-" {
            throw ValidationError("standard input cannot be both the token and the key")
        }
    }

    func run() throws {
        let check = jwks.map { TokenCheck(keySetFile: $0) } ?? key.map { TokenCheck(keyFile: $0) }
        // Before anything else touches memory, and not only when the key turns out to be a secret.
        if check != nil { try withKeys { () throws(KeyError) in } }
        let token = Array(try input.read().utf8)
        let inspection = TokenInspection(token, now: SystemClock.unixSeconds())
        show(inspection)
        let flaw = inspection.flaw ?? (check == nil ? inspection.payloadFlaw : nil)
        if let flaw { throw Failure(invalidToken: errorPaint("malformed token: \(flaw)", .bad)) }
        guard let check else { return }
        let verdict = try withKeys { () throws(KeyError) in
            try check.verify(token, maximumDepth: Limits.tokenDepth)
        }
        try report(verdict)
        if let flaw = inspection.payloadFlaw { Output.complain("these are no claims: \(flaw)") }
    }

    private var errorPaint: Paint { Paint(for: .error) }

    private func show(_ inspection: TokenInspection) {
        if output.format == .json {
            let flaw = (inspection.flaw ?? inspection.payloadFlaw).map { JSON($0) }
            Output.json([
                "header": inspection.header ?? nil, "claims": inspection.claims ?? nil, "flaw": flaw ?? nil,
            ])
            return
        }
        let paint = Paint(for: .output)
        for part in [inspection.header, inspection.claims] {
            if let part { Output.line(prettyPrinted(part, paint)) }
        }
        for time in inspection.times { Output.complain(time) }
        if jwks == nil, key == nil {
            Output.complain("not verified: this only decodes the token; signet verify checks it")
        }
    }

    private func report(_ verdict: TokenCheck.Verdict) throws(Failure) {
        let problem: String
        switch verdict {
        case .valid(let algorithm, let kid):
            Output.complain(errorPaint("signature valid", .good) + ": \(algorithm.name), key \(kid.quoted)")
            Output.complain("times, issuer and audience are not checked; signet verify checks them")
            return
        case .badSignature(let algorithm, let kid): problem = "not made by the key \(kid.quoted) (\(algorithm.name))"
        case .malformed: problem = "malformed token"
        case .unknownKey(let reason): problem = "no key: HDR-4: \(reason)"
        case .wrongAlgorithm(let reason): problem = "wrong algorithm: ALG-1: \(reason)"
        case .revoked(let kid): problem = "the key \(kid.quoted) is revoked"
        }
        throw Failure(invalidToken: errorPaint("signature not valid", .bad) + ": \(problem)")
    }
}
