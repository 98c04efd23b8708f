/// What `signetd` is told on its command line. Few and read by hand: an argument parser would cost the daemon Foundation.
struct Options: Equatable {
    var configuration = "/etc/signet/signetd.toml"
    /// Say what is wrong and end.
    var isCheck = false
    /// Refuse to start when any keyring or file of profiles.d is broken.
    var isStrict = false

    enum Request: Equatable {
        case run(Options)
        case help
        case version
    }

    /// A line that says what is wrong with the arguments.
    struct Misuse: Error, Equatable {
        let message: String
    }

    static let help = """
        signetd: signs and verifies tokens for local services, on a Unix socket.

        USAGE: signetd [--config FILE] [--check] [--strict]

          --config FILE  read FILE (default: /etc/signet/signetd.toml), and profiles.d/*.toml beside it
          --check        read the configuration and the keys, say what is wrong, and end
          --strict       refuse to start when any keyring or file of profiles.d is broken (default: serve the others)
          --version      print the version
          --help         print this

        SIGNALS
          SIGTERM, SIGINT  answer what has arrived, then end
          SIGHUP           read configuration and keys anew, all or nothing (see `signet reload`)

        EXIT STATUS
          0  ended when told to, or --check found nothing wrong
          1  could not start, or --check found something wrong
          2  the arguments are wrong

        Log lines go to standard error. Keys are made with `signet key new`.
        """

    static func read(_ arguments: [String]) throws(Misuse) -> Request {
        var options = Options()
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--help", "-h": return .help
            case "--version": return .version
            case "--check": options.isCheck = true
            case "--strict": options.isStrict = true
            case "--config", "-c":
                guard let path = rest.popFirst() else { throw Misuse(message: "\(argument) needs a file") }
                options.configuration = path
            case _ where argument.hasPrefix("--config="):
                options.configuration = String(argument.dropFirst("--config=".count))
            default: throw Misuse(message: "unknown argument '\(argument)'; see signetd --help")
            }
        }
        guard !options.configuration.isEmpty else { throw Misuse(message: "--config needs a file") }
        return .run(options)
    }
}
