internal import Logging
internal import NIOCore
internal import POSIX
internal import SigningService

/// Stops accepting for a moment when the process is out of descriptors or memory, and while too many that were accepted
/// wait for their loops. Connected clients are served meanwhile, and who waits in the backlog is accepted afterwards.
///
/// Out of descriptors, NIO alone would try again at once, at 100 % of a core, for as long as it lasts. The log tells the
/// beginning and the end of that, not every attempt.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel

    private static let pause = TimeAmount.milliseconds(100)
    /// Accepting without an error for so long is the end of it. While connections come and go at the limit, it lasts.
    private static let relief = TimeAmount.seconds(1)
    private let arrivals: Arrivals
    private let logger: Logger
    /// Until the next attempt.
    private var isPaused = false
    /// Until loops have looked at what was accepted.
    private var isCrowded = false
    /// Ends that, from any thread.
    private var goOn: @Sendable () -> Void = {}
    /// Tells the end, unless accepting fails again before.
    private var end: Scheduled<Void>?
    private var isTold = false

    init(_ arrivals: Arrivals, _ logger: Logger) {
        self.arrivals = arrivals
        self.logger = logger
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let own = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        goOn = {
            own.eventLoop.execute {
                let (handler, context) = own.value
                handler.isCrowded = false
                handler.updateAccepting(context)
            }
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !arrivals.add(whenRoom: goOn) {
            isCrowded = true
            updateAccepting(context)
        }
        context.fireChannelRead(data)
    }

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
        updateAccepting(context)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { self.resume(context) }
    }

    private func resume(_ context: ChannelHandlerContext) {
        isPaused = false
        guard context.channel.isActive else { return }
        end = context.eventLoop.assumeIsolated().scheduleTask(in: Self.relief) {
            self.isTold = false
            self.logger.log(.acceptsAgain, .notice, "accepting connections again")
        }
        updateAccepting(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end?.cancel()
        goOn = {}
    }

    private func updateAccepting(_ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        try? context.channel.syncOptions?.setOption(.autoRead, value: !isPaused && !isCrowded)
    }
}
