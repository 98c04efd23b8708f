internal import Authorization
internal import Logging
internal import NIOCore
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
    private var secondBegan = NIODeadline.uptimeNanoseconds(0)
    private var told = 0
    private var toldOfRate = false
    private var untold = 0

    private static let linesPerSecond = 10

    init(_ logger: Logger) { self.logger = logger }

    func note(_ refusal: Refusal, from identity: Identity, pid: Int32) {
        let now = NIODeadline.now()
        if now - secondBegan >= .seconds(1) {
            if untold > 0 { logger.warning("refused \(untold) more requests than the log tells") }
            secondBegan = now
            told = 0
            toldOfRate = false
            untold = 0
        }
        let isOfRate = refusal.code == .rateLimited
        guard told < Self.linesPerSecond, !(isOfRate && toldOfRate) else {
            untold += 1
            return
        }
        told += 1
        if isOfRate { toldOfRate = true }
        let unit = identity.unit.map { ", \($0.text)" } ?? ""
        let who = "uid \(identity.uid.map(String.init) ?? "?") (pid \(pid)\(unit))"
        switch refusal.code {
        case .notPermitted, .unknownProfile, .noSigningKey, .internal:
            logger.warning("refused \(who): \(refusal.code.rawValue): \(refusal.message)")
        default:
            logger.info("refused \(who): \(refusal.code.rawValue)")
        }
    }
}
