internal import SignetConfiguration
internal import HostConfiguration
internal import Keys
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import OpenSSL
internal import POSIX
internal import Server
internal import SigningService
internal import StrictJSON
internal import Systemd
internal import WireProtocol

/// `signetd` from its first statement to its exit status.
package struct SignetDaemon {
    private let options: Options
    private let log: LogSpool
    private let logger: Logger

    private init(_ options: Options, _ log: LogSpool) {
        self.options = options
        self.log = log
        logger = Logger(label: "signetd") { _ in ServiceLog(log.form) { log.log($0) } }
    }

    /// Runs until a signal ends it. Returns the exit status.
    package static func main(arguments: [String]) -> Int32 {
        // First of all: a SIGHUP that comes before the daemon is ready must not kill it.
        TerminalSignal.block()
        do { try ProcessHardening.begin() } catch {
            return fail("\(error)", status: 1)
        }
        do throws(Options.Misuse) {
            switch try Options.read(arguments) {
            case .help: return print(Options.help)
            case .version: return print("signetd \(signetVersion)")
            case .run(let options):
                let log: LogSpool
                do throws(Errno) { log = try LogSpool.start(on: output()) } catch {
                    return fail("the log on standard error cannot be begun: \(error)", status: 1)
                }
                defer { log.close(within: shortestFlush) }
                return SignetDaemon(options, log).run()
            }
        } catch { return fail(error.message, status: 2) }
    }

    /// Where the log goes: to the journal, as entries with fields, if standard error goes there anyway.
    private static func output() throws(Errno) -> any LogOutput {
        Journal.takesStandardError ? JournalOutput() : StreamOutput(try StandardStream.error.duplicate())
    }

    /// How long silent connections stay open after SIGTERM, so that a line on its way gets its answer.
    private static let stopNotice = TimeAmount.milliseconds(200)
    /// How long the end waits at least for the log to be written, in milliseconds.
    private static let shortestFlush: Int32 = 1_000

    private func run() -> Int32 {
        let user = ProcessLimits.effectiveUser
        let configuration: ConfigurationFiles.Reading
        do throws(ConfigurationFiles.Failure) {
            configuration = try ConfigurationFiles(path: options.configuration, user: user).read()
        } catch {
            for problem in error.problems { logger.log(.configurationProblem, .error, "\(problem)") }
            return 1
        }
        tell(configuration)
        let settings = configuration.settings
        do { try SecretMemory.extend(to: settings.server.lockedMemory) } catch {
            logger.log(.notStarted, .error, "\(error)")
            return 1
        }
        let keeper = KeyKeeper(user: user, logger: logger)
        let now = SystemClock.unixSeconds()
        if !options.isCheck {
            let server = settings.server
            do throws(KeyError) {
                try keeper.open(stateDirectory: server.stateDirectory, isNamed: server.isStateDirectorySet, at: now)
            } catch {
                logger.log(.notStarted, .error, "not started: \(error)")
                return 1
            }
        }
        let loader = SnapshotLoader(
            settings: settings, user: user, credentials: Self.credentials, largestToken: settings.server.maxTokenBytes,
            holdsPeers: PeerProcess.isCertain, hostName: ThisProcess.hostName)
        let (loaded, report) = loader.load(at: now, keeper.history, generation: 1)
        tell(report)
        if options.isCheck {
            guard report.broken.isEmpty, report.brokenKEKs.isEmpty, configuration.problems.isEmpty else { return 1 }
            logger.info("\(options.configuration): nothing wrong")
            return 0
        }
        for warning in Surroundings.warnings() { logger.log(.exposed, .warning, "\(warning)") }
        if let reason = reasonNotToStart(configuration, report) {
            logger.log(.notStarted, .error, "not started: \(reason)")
            return 1
        }
        let missing = configuration.problems + (report.brokenKEKs + report.broken).map(\.description)
        // Handed over, so that the first keys are gone when a reload has removed them (rule MEM-1).
        return serve(Reloader.Start(server: settings.server, loaded: consume loaded, missing: missing), keeper)
    }

    /// What is broken is left out, unless that leaves nothing, or the operator wants all or nothing.
    private func reasonNotToStart(
        _ configuration: ConfigurationFiles.Reading, _ report: SnapshotLoader.Report
    ) -> String? {
        if options.isStrict, !configuration.problems.isEmpty { return "the configuration is broken" }
        if options.isStrict, !report.broken.isEmpty { return "a keyring is broken" }
        let keyrings = configuration.settings.keyrings.count
        if keyrings == 0, !configuration.problems.isEmpty { return "every keyring is in a broken file" }
        if keyrings > 0, report.broken.count == keyrings { return "every keyring is broken" }
        return nil
    }

    private func tell(_ configuration: ConfigurationFiles.Reading) {
        for problem in configuration.problems { logger.log(.configurationProblem, .error, "\(problem)") }
        for file in configuration.brokenFiles {
            logger.log(.configurationProblem, .error, "\(file): broken, so nothing of it counts")
        }
        for warning in configuration.warnings { logger.warning("\(warning)") }
    }

    private func tell(_ report: SnapshotLoader.Report) {
        for line in report.loaded { logger.info("\(line)") }
        for line in report.warnings { logger.warning("\(line)") }
        for error in report.brokenKEKs + report.broken { logger.log(.keysProblem, .error, "\(error)") }
    }

    private func serve(_ start: consuming Reloader.Start, _ keeper: KeyKeeper) -> Int32 {
        let settings = start.server
        do {
            try ProcessLimits.raiseDescriptors()
            let watchdogInterval = watchdogInterval
            let desk = try ControlDesk(tick: Watchdog.tick(for: watchdogInterval))
            let accounts = AccountDesk(logger: logger, clock: SystemClock.monotonicNanoseconds)
            var entrances = try Entrances(settings)
            let began = SystemClock.bootSeconds()
            let service = ServiceState(
                pid: ThisProcess.id, auditLog: log,
                verifyCache: settings.verifyCache > 0 ? try VerifyCache(bytes: settings.verifyCache) : nil
            ) { SystemClock.bootSeconds() - began }
            let reloader = Reloader(
                start, files: files, credentials: Self.credentials, user: ProcessLimits.effectiveUser, keeper: keeper,
                service: service,
                logger: logger, clock: SystemClock.unixSeconds, monotonic: SystemClock.bootSeconds)
            let loops = MultiThreadedEventLoopGroup(numberOfThreads: ProcessLimits.processors)
            let server = try SocketServer.start(
                at: entrances.take(), group: loops, snapshot: reloader.snapshot, service: service,
                limits: settings.serverLimits,
                connections: ConnectionLimits(
                    connections: settings.maxConnections, connectionsPerUser: settings.maxConnectionsPerUser),
                buffers: BufferLimits(bytes: settings.maxBuffered), maxInFlight: settings.maxInFlight, logger: logger,
                clock: {
                    Moment(
                        unixSeconds: SystemClock.unixSeconds(),
                        monotonicNanoseconds: SystemClock.monotonicNanoseconds())
                },
                unit: { (socket, peer) throws(Errno) in
                    try SystemUnit.name(ofPeer: socket, peer).map { ByteString($0) }
                },
                reload: { request, answer in
                    desk.handIn(ControlDesk.ReloadOrder(request: request, answer: answer))
                },
                lookUp: { lookup, whenDone in accounts.handIn(lookup, whenDone: whenDone) })
            for entrance in entrances.descriptions { logger.info("listening on \(entrance)") }
            try server.test().wait()
            let notification = ServiceNotification(logger: logger)
            logger.log(.started, .info, "serving: \(reloader.status.line)")
            notification.tellReady(reloader.status)
            let watchdog = Watchdog(
                interval: watchdogInterval, notification: notification, logger: logger,
                clock: SystemClock.monotonicNanoseconds, test: { server.test() })
            try control(desk, reloader, server, notification, watchdog)
            notification.tellStopping()
            logger.log(.stopping, .info, "stopping")
            let deadline = NIODeadline.now() + settings.stopTimeout.timeAmount
            desk.close()
            server.stop(notice: Self.stopNotice, timeout: settings.stopTimeout.timeAmount)
            accounts.close()
            try loops.syncShutdownGracefully()
            reloader.close()
            logger.log(.stopped, .info, "stopped")
            // With `audit = "all"`, no signature's line is lost to whoever reads the log within the time for a stop.
            let rest = (deadline - NIODeadline.now()).nanoseconds / 1_000_000
            log.close(within: max(Self.shortestFlush, Int32(clamping: rest)))
            return 0
        } catch {
            logger.log(.notStarted, .error, "\(error)")
            return 1
        }
    }

    /// Where systemd put the service's credentials; it does not change in the life of a process.
    private static let credentials = ThisProcess.environment("CREDENTIALS_DIRECTORY")

    /// In nanoseconds; nil when the service manager does not ask.
    private var watchdogInterval: UInt64? {
        do throws(Errno) { return try ServiceManager.watchdogInterval().map { $0 * 1_000 } } catch {
            logger.warning("the service manager's watchdog cannot be understood (WATCHDOG_USEC): \(error)")
            return nil
        }
    }

    private var files: ConfigurationFiles {
        ConfigurationFiles(path: options.configuration, user: ProcessLimits.effectiveUser)
    }

    /// Does what signals, clients and time ask for, one after another, until a signal ends it.
    private func control(
        _ desk: ControlDesk, _ reloader: Reloader, _ server: SocketServer, _ notification: ServiceNotification,
        _ watchdog: Watchdog
    ) throws {
        func reload(force: Bool) -> Result<ReloadResult, ReloadFailure> {
            notification.tellReloading()
            defer { notification.tellReady(reloader.status) }
            return reloader.reload(force: force) { server.serve($0, insteadOf: $1) }
        }
        while true {
            switch try desk.next() {
            case .stop: return
            case .reload: _ = reload(force: false)
            case .answer(let order):
                let result = reload(force: order.request.force)
                order.answer(order.request.answer(result))
            case .lookAtTime:
                reloader.lookAtTime()
                notification.tell(reloader.status)
            }
            watchdog.lookAtTime()
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
