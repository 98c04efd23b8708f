internal import Logging
internal import NIOCore
internal import POSIX
internal import SigningService

/// Stops accepting for a moment when the process is out of descriptors or memory.
///
/// NIO alone tries again at once, at 100 % of a core, for as long as it lasts. Connected clients are served meanwhile,
/// and who waits in the backlog is accepted afterwards. The log tells the beginning and the end, not every attempt.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private static let pause = TimeAmount.milliseconds(100)
    /// Accepting without an error for so long is the end of it. While connections come and go at the limit, it lasts.
    private static let relief = TimeAmount.seconds(1)
    private let logger: Logger
    private var isPaused = false
    /// Tells the end, unless accepting fails again before.
    private var end: Scheduled<Void>?
    private var isTold = false

    init(_ logger: Logger) { self.logger = logger }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, Errno(error.errnoCode).isExhaustion else {
            logger.error("accepting a connection failed: \(error)")
            return
        }
        guard !isPaused else { return }
        isPaused = true
        end?.cancel()
        if !isTold {
            isTold = true
            logger.log(
                .outOfDescriptors, .warning,
                "not accepting connections: \(Errno(error.errnoCode)); raise LimitNOFILE= or lower max_connections")
        }
        setAccepting(false, context)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { self.resume(context) }
    }

    private func resume(_ context: ChannelHandlerContext) {
        isPaused = false
        guard context.channel.isActive else { return }
        end = context.eventLoop.assumeIsolated().scheduleTask(in: Self.relief) {
            self.isTold = false
            self.logger.log(.acceptsAgain, .notice, "accepting connections again")
        }
        setAccepting(true, context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { end?.cancel() }

    private func setAccepting(_ isAccepting: Bool, _ context: ChannelHandlerContext) {
        try? context.channel.syncOptions?.setOption(.autoRead, value: isAccepting)
    }
}
