internal import Authorization
internal import Logging
internal import NIOCore
internal import SigningService
internal import StrictJSON
internal import WireProtocol

/// Tells the log whom the daemon refused, at most so many a second, and how many it did not tell.
///
/// Of those who ask faster than they may, one a second: they come in floods, and must not hide the others.
///
/// Lines hold the code and who; the message only where it names a profile, or why entries are not for
/// somebody. Never claims, never tokens.
final class RefusalLog {
    private let logger: Logger
    private let scope: () -> AuditScope
    /// Seconds since 1970-01-01 UTC.
    private let time: () -> Int64
    private let onDebt: () -> Void
    private var secondBegan = NIODeadline.uptimeNanoseconds(0)
    private var told = 0
    private var toldOfRate = false
    private var untold = 0

    private static let linesPerSecond = 10
    /// The longest piece of a profile's name that a line repeats, in bytes: the name is the caller's word.
    private static let longestName = longestQuotation

    /// - Parameters:
    ///   - scope: What the log is to tell, at the moment.
    ///   - time: By the wall clock.
    ///   - onDebt: Called when there is something that `settle` has to tell.
    init(
        _ logger: Logger, scope: @escaping () -> AuditScope, time: @escaping () -> Int64,
        onDebt: @escaping () -> Void
    ) {
        self.logger = logger
        self.scope = scope
        self.time = time
        self.onDebt = onDebt
    }

    /// Whether refusals were not told, nor their number yet.
    var owes: Bool { untold > 0 }

    func note(_ refusal: Refusal, from identity: Identity, pid: Int32) {
        note(RefusedRequest(refusal), from: identity, pid: pid)
    }

    func note(_ request: RefusedRequest, from identity: Identity, pid: Int32, at now: NIODeadline = .now()) {
        guard scope() != .none else { return }
        beginSecond(at: now)
        let isOfRate = request.refusal.code == .rateLimited
        guard told < Self.linesPerSecond, !(isOfRate && toldOfRate) else {
            untold += 1
            if untold == 1 { onDebt() }
            return
        }
        told += 1
        if isOfRate { toldOfRate = true }
        tell(request, identity, pid)
    }

    /// Tells how many were not told, once the second in which they came is over: also when a flood has ended.
    func settle(at now: NIODeadline) {
        if owes { beginSecond(at: now) }
    }

    /// Tells it now: nothing more will come.
    func close() {
        guard owes else { return }
        logger.log(.suppressed, .warning, "suppressed", metadata: ["time": "\(time())", "refusals": "\(untold)"])
        untold = 0
    }

    private func beginSecond(at now: NIODeadline) {
        guard now - secondBegan >= .seconds(1) else { return }
        close()
        secondBegan = now
        told = 0
        toldOfRate = false
    }

    private func tell(_ request: RefusedRequest, _ identity: Identity, _ pid: Int32) {
        let refusal = request.refusal
        var fields: Logger.Metadata = [
            "time": "\(time())", "pid": "\(pid)", "code": "\(refusal.code.rawValue)",
        ]
        if let operation = request.operation { fields["op"] = "\(operation.rawValue)" }
        if let uid = identity.uid { fields["uid"] = "\(uid)" }
        if let unit = identity.unit { fields["unit"] = "\(unit.text)" }
        if let profile = request.profile { fields["profile"] = "\(Self.excerpt(profile))" }
        switch refusal.code {
        case .notPermitted, .unknownProfile, .noSigningKey, .internal:
            fields["reason"] = "\(refusal.message)"
            logger.log(.refused, .warning, "refused", metadata: fields)
        default: logger.log(.refused, .info, "refused", metadata: fields)
        }
    }

    private static func excerpt(_ name: ByteString) -> String {
        guard name.bytes.count > longestName else { return name.text }
        return String(decoding: name.bytes.prefix(longestName), as: UTF8.self) + "..."
    }
}
