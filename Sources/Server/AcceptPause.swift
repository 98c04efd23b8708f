internal import Logging
internal import NIOCore
internal import POSIX

/// Stops accepting for a moment when the process is out of descriptors or memory.
///
/// NIO alone tries again at once, at 100 % of a core, for as long as it lasts. Connected clients are served meanwhile,
/// and who waits in the backlog is accepted afterwards.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private static let pause = TimeAmount.milliseconds(100)
    private let logger: Logger
    private var isPaused = false

    init(_ logger: Logger) { self.logger = logger }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, Errno(error.errnoCode).isExhaustion else {
            logger.error("accepting a connection failed: \(error)")
            return
        }
        guard !isPaused else { return }
        isPaused = true
        logger.warning(
            "not accepting connections: \(Errno(error.errnoCode)); raise LimitNOFILE= or lower max_connections")
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
            self.isPaused = false
            try? context.channel.syncOptions?.setOption(.autoRead, value: true)
        }
    }
}
