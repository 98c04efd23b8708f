internal import ArgumentParser
internal import WireProtocol

/// The root command.
struct Signet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "signet",
        abstract: "Sign and verify tokens through the signing daemon of this host.",
        discussion: """
            Examples:
              signet key new /var/lib/signet/keys/default
              signet sign --claim sub=user-1 --ttl 15m
              echo '{"sub":"user-1","level":3}' | signet sign --profile web --json -
              signet verify --profile web < token.jwt
              signet inspect < token.jwt
              signet jwks --keyring web

            The daemon decides by the user who asks. Its socket is --socket, else the environment's
            SIGNET_SOCKET, else /run/signet/signet.sock.

            Exit status: 0 for success, 1 for a token that is not valid, 2 for any other error.
            """,
        version: signetVersion,
        subcommands: [
            SignCommand.self, VerifyCommand.self, ExplainCommand.self, InspectCommand.self, JWKSCommand.self,
            PingCommand.self, StatusCommand.self, ReloadCommand.self, KeyCommand.self, BenchCommand.self,
        ])
}
