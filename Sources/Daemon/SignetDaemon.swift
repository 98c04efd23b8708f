internal import Configuration
internal import Keys
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import OpenSSL
internal import POSIX
internal import Server
internal import SigningService
internal import StrictJSON
internal import WireProtocol

/// `signetd` from its first statement to its exit status.
package struct SignetDaemon {
    private let options: Options
    private let logger: Logger

    /// Runs until a signal ends it. Returns the exit status.
    package static func main(arguments: [String]) -> Int32 {
        do { try ProcessHardening.begin() } catch {
            return fail("\(error)", status: 1)
        }
        TerminalSignal.block()
        do throws(Options.Misuse) {
            switch try Options.read(arguments) {
            case .help: return print(Options.help)
            case .version: return print("signetd \(signetVersion)")
            case .run(let options):
                let logger = Logger(label: "signetd") { _ in PlainLog() }
                return SignetDaemon(options: options, logger: logger).run()
            }
        } catch { return fail(error.message, status: 2) }
    }

    /// How long silent connections stay open after SIGTERM, so that a line on its way gets its answer.
    private static let stopNotice = TimeAmount.milliseconds(200)

    private func run() -> Int32 {
        guard let (settings, warnings) = readSettings() else { return 1 }
        for warning in warnings { logger.warning("\(warning)") }
        do { try SecretMemory.extend(to: settings.server.lockedMemory) } catch {
            logger.error("\(error)")
            return 1
        }
        let user = ProcessLimits.effectiveUser
        let credentials = ThisProcess.environment("CREDENTIALS_DIRECTORY")
        let loader = SnapshotLoader(settings: settings, user: user, credentials: credentials)
        let (snapshot, report) = loader.load(at: SystemClock.unixSeconds())
        tell(report)
        if options.isCheck {
            guard report.broken.isEmpty, report.brokenKEKs.isEmpty else { return 1 }
            logger.info("\(options.configuration): nothing wrong")
            return 0
        }
        if !report.broken.isEmpty, options.isStrict || report.broken.count == settings.keyrings.count {
            logger.error("not started: \(options.isStrict ? "a keyring is broken" : "every keyring is broken")")
            return 1
        }
        return serve(settings.server, snapshot)
    }

    private func readSettings() -> (Settings, [String])? {
        let path = options.configuration
        do {
            let bytes = try Descriptor.open(path).readAll(limit: Self.largestConfiguration)
            let directory = FilePath.directory(of: try FilePath.real(path))
            return try Settings.decode(bytes, file: path, directory: directory)
        } catch let error as ConfigurationError {
            for problem in error.problems { logger.error("\(problem)") }
        } catch let error as Errno {
            logger.error("\(path): \(error); name another file with --config")
        } catch {
            logger.error("\(path): \(error)")
        }
        return nil
    }

    /// Largest configuration file, in bytes.
    private static let largestConfiguration = 4 << 20

    private func tell(_ report: SnapshotLoader.Report) {
        for line in report.loaded { logger.info("\(line)") }
        for line in report.warnings { logger.warning("\(line)") }
        for error in report.brokenKEKs + report.broken { logger.error("\(error)") }
    }

    private func serve(_ settings: ServerSettings, _ snapshot: Snapshot) -> Int32 {
        do {
            try ProcessLimits.raiseDescriptors()
            let socketGroup = try socketGroup(settings)
            var socket = try ListeningSocket.claim(
                settings.socketPath, mode: settings.socketMode, group: socketGroup)
            let loops = MultiThreadedEventLoopGroup(numberOfThreads: ProcessLimits.processors)
            let server = try SocketServer.start(
                on: &socket, group: loops, snapshot: snapshot, limits: settings.serverLimits,
                connections: ConnectionLimits(
                    connections: settings.maxConnections, connectionsPerUser: settings.maxConnectionsPerUser),
                logger: logger, clock: SystemClock.unixSeconds)
            let mode = String(settings.socketMode, radix: 8)
            logger.info("listening on \(settings.socketPath) (mode 0\(mode))")
            waitForStop()
            logger.info("stopping")
            server.stop(notice: Self.stopNotice, timeout: settings.stopTimeout.timeAmount)
            try loops.syncShutdownGracefully()
            logger.info("stopped")
            return 0
        } catch {
            logger.error("\(error)")
            return 1
        }
    }

    private func socketGroup(_ settings: ServerSettings) throws -> UInt32? {
        guard let name = settings.socketGroup else { return nil }
        if let gid = try UserDatabase.groupID(named: name.text) { return gid }
        throw StartError(message: "[server] socket_group: there is no group \(name.quoted); make it with groupadd")
    }

    private func waitForStop() {
        while case .reload = TerminalSignal.next() {
            logger.warning(
                "SIGHUP changes nothing: keys and configuration are read at the start alone; restart instead")
        }
    }

    private static func print(_ text: String) -> Int32 {
        let bytes = Array((text + "\n").utf8)
        do throws(Errno) { try StandardStream.output.write(bytes.span) } catch { return 1 }
        return 0
    }

    private static func fail(_ message: String, status: Int32) -> Int32 {
        let line = Array("signetd: error: \(message)\n".utf8)
        try? StandardStream.error.write(line.span)
        return status
    }
}

/// Why the daemon cannot start, where no other error says it.
struct StartError: Error, CustomStringConvertible {
    let message: String
    var description: String { message }
}

extension ServerSettings {
    var serverLimits: ServerLimits {
        ServerLimits(
            requestBytes: maxRequestBytes, requestTimeout: requestTimeout.timeAmount,
            writeTimeout: writeTimeout.timeAmount, idleTimeout: idleTimeout.timeAmount)
    }
}

extension Duration {
    /// For NIO's clocks; nothing below a nanosecond.
    var timeAmount: TimeAmount {
        .nanoseconds(components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000)
    }
}
