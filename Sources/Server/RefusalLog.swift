internal import Authorization
internal import Logging
internal import NIOCore
internal import StrictJSON
internal import WireProtocol

/// Tells the log whom the daemon refused, at most so many a second, and how many it did not tell.
///
/// Lines hold the code and who; the message only where it names nothing but a profile. Never claims, never tokens.
final class RefusalLog {
    private let logger: Logger
    private var secondBegan = NIODeadline.uptimeNanoseconds(0)
    private var told = 0
    private var untold = 0

    private static let linesPerSecond = 10

    init(_ logger: Logger) { self.logger = logger }

    func note(_ refusal: Refusal, from identity: Identity, pid: Int32) {
        let now = NIODeadline.now()
        if now - secondBegan >= .seconds(1) {
            if untold > 0 { logger.warning("refused \(untold) more requests than the log tells") }
            secondBegan = now
            told = 0
            untold = 0
        }
        guard told < Self.linesPerSecond else {
            untold += 1
            return
        }
        told += 1
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
