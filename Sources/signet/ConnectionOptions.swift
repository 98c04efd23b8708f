internal import ArgumentParser
internal import POSIX
internal import SignetClient

/// Where the daemon is, and how long to wait for it.
struct ConnectionOptions: ParsableArguments {
    @Option(help: "The daemon's socket. (default: $SIGNET_SOCKET, else /run/signet/signet.sock)", completion: .file())
    var socket: String?

    @Option(help: "How long to wait for the answer: digits and one of s m h d.")
    var timeout = TimeSpan(seconds: 5)

    /// A client for that socket.
    ///
    /// - Parameter fallback: What the daemon's configuration says, where neither option nor environment does.
    func client(fallback: String? = nil) throws(Failure) -> SignetClient {
        do throws(SignetError) { return try newClient(fallback: fallback) } catch { throw Failure(error) }
    }

    /// As `client`, with the client's own error.
    func newClient(fallback: String? = nil) throws(SignetError) -> SignetClient {
        let isNamed = socket != nil || ThisProcess.environment("SIGNET_SOCKET") != nil
        return try SignetClient(socketPath: isNamed ? socket : fallback, timeout: .seconds(timeout.seconds))
    }
}
