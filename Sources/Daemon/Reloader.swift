internal import SignetConfiguration
internal import HostConfiguration
internal import Keys
internal import Logging
internal import POSIX
internal import Server
internal import SigningService
internal import StrictJSON

/// Keys and policy through the daemon's life: loads them at the start, and again all or nothing whenever it is told to.
///
/// Belongs to the main thread.
final class Reloader {
    private let files: ConfigurationFiles
    private let credentials: String?
    private let user: UInt32
    private let keeper: KeyKeeper
    private let service: ServiceState
    private let logger: Logger
    private let clock: () -> Int64
    /// The settings of `[server]` as the daemon began with them: the socket and its limits stay so.
    private let server: ServerSettings
    private(set) var snapshot: Snapshot
    private(set) var rings: [ServedRing]
    /// What was broken at the start and is left out.
    private var missing: [String]
    /// What was wrong first when the last reload failed.
    private var reloadProblem: String?
    private var clockOffset: ClockOffset

    /// What the daemon begins with. Handed over, not shared: who kept it would keep the first keys for ever.
    struct Start: ~Copyable {
        let server: ServerSettings
        let loaded: SnapshotLoader.Loaded
        /// Files and rings that are left out, a line each.
        let missing: [String]
    }

    init(
        _ start: consuming Start, files: ConfigurationFiles, credentials: String?, user: UInt32, keeper: KeyKeeper,
        service: ServiceState,
        logger: Logger, clock: @escaping () -> Int64, monotonic: @escaping () -> Int64
    ) {
        self.files = files
        self.credentials = credentials
        self.user = user
        self.keeper = keeper
        self.service = service
        self.logger = logger
        self.clock = clock
        server = start.server
        snapshot = start.loaded.snapshot
        rings = start.loaded.rings
        missing = start.missing
        clockOffset = ClockOffset(wall: clock, monotonic: monotonic)
        keeper.publishChanges(rings, at: clock)
        keeper.adopt(rings, at: clock())
        tellFaults()
    }

    /// Reads everything anew and serves it, or changes nothing (rule ROT-3).
    ///
    /// - Parameters:
    ///   - force: Whether keys may vanish that tokens still need, rings may be left without a key that signs, and files of
    ///     public keys may not be written.
    ///   - swap: Has the new snapshot served instead of the old one; returns when no loop holds the old one any more.
    func reload(force: Bool, swap: (Snapshot, Snapshot) -> Void) -> Result<ReloadResult, ReloadFailure> {
        let outcome: Result<ReloadResult, ReloadFailure>
        do throws(ReloadFailure) { outcome = .success(try replace(force: force, swap)) } catch {
            outcome = .failure(error)
        }
        let time = clock()
        switch outcome {
        case .success(let result):
            reloadProblem = nil
            service.note(ServiceState.LastReload(time: time, error: nil))
            logger.log(.reloaded, .info, "reloaded: generation \(result.generation)\(Self.summary(result))")
            for warning in result.warnings { logger.warning("\(warning)") }
        case .failure(let failure):
            reloadProblem = failure.problems.first
            service.note(ServiceState.LastReload(time: time, error: failure.message))
            for problem in failure.problems { logger.error("\(problem)") }
            logger.log(
                .reloadFailed, .error,
                "the reload failed and changed nothing: generation \(snapshot.generation) is served on")
        }
        tellFaults()
        return outcome
    }

    private func replace(force: Bool, _ swap: (Snapshot, Snapshot) -> Void) throws(ReloadFailure) -> ReloadResult {
        let (settings, configured) = try readSettings()
        var warnings = configured
        let now = clock()
        let loader = SnapshotLoader(
            settings: settings, user: user, credentials: credentials, largestToken: server.maxTokenBytes,
            holdsPeers: PeerProcess.isCertain, hostName: ThisProcess.hostName)
        let (loaded, report) = loader.load(at: now, keeper.history, generation: snapshot.generation + 1)
        let broken = report.brokenKEKs + report.broken
        guard broken.isEmpty else { throw ReloadFailure(broken.map(\.description)) }
        warnings += report.warnings
        let change = SnapshotChange(old: rings, new: loaded.rings, now: now)
        let losses = change.losses
        if !force, !losses.isEmpty {
            throw ReloadFailure(losses.map { "\($0); `signet reload --force` accepts it" })
        }
        warnings += losses
        // Before any new key signs, verifiers can get it.
        do throws(PublicationFailure) { try keeper.publish(loaded.rings, including: rings, at: clock) } catch {
            let problems = error.problems.map(\.description)
            guard force else {
                keeper.withdraw(error.created)
                keeper.publishChanges(rings, at: clock)
                throw ReloadFailure(problems)
            }
            warnings += problems
        }
        keeper.adopt(loaded.rings, at: now)
        let old = snapshot
        snapshot = loaded.snapshot
        rings = loaded.rings
        missing = []
        swap(snapshot, old)
        keeper.publishChanges(rings, at: clock)
        if !settings.server.begins(as: server) {
            warnings.append("[server] has changed: all of it but 'admin', 'audit' and 'kek' takes a restart")
        }
        var result = change.result(generation: snapshot.generation)
        result.warnings = warnings
        return result
    }

    private func readSettings() throws(ReloadFailure) -> (Settings, warnings: [String]) {
        let reading: ConfigurationFiles.Reading
        do throws(ConfigurationFiles.Failure) { reading = try files.read() } catch {
            throw ReloadFailure(error.problems)
        }
        guard reading.problems.isEmpty else { throw ReloadFailure(reading.problems) }
        return (reading.settings, reading.warnings)
    }

    /// Does what time asks for: publishes keys whose time has come, keeps the state, tells of a clock that was stepped.
    func lookAtTime() {
        if let step = clockOffset.step() {
            let direction = step < 0 ? "back" : "forward"
            logger.log(
                .clockStepped, .warning,
                "the system's clock was set \(direction) by \(abs(step)) s; keys that have signed stay in service")
        }
        keeper.publishChanges(rings, at: clock)
        keeper.saveIfDue(rings, at: clock())
        tellFaults()
    }

    /// What is to be done last, when nothing is signed any more.
    func close() { keeper.close(rings, at: clock()) }

    /// For the service manager.
    var status: ServiceStatus {
        ServiceStatus(
            keyrings: rings.count, keys: rings.reduce(0) { $0 + $1.ring.keys.count },
            profiles: snapshot.profiles.count, generation: snapshot.generation, reloadProblem: reloadProblem,
            faults: service.faults)
    }

    private func tellFaults() {
        service.note(faults: missing + keeper.faults)
    }

    /// `, added 1, removed 2, "web" signs with "k7"`
    private static func summary(_ result: ReloadResult) -> String {
        var text = ""
        if !result.added.isEmpty { text += ", \(result.added.count) added" }
        if !result.removed.isEmpty { text += ", \(result.removed.count) removed" }
        for key in result.promoted { text += ", keyring \(key.keyring.quoted) signs with \(key.kid.quoted)" }
        return text
    }
}
