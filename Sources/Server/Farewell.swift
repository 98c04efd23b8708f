internal import NIOCore
internal import WireProtocol

/// A connection beyond a limit: gets one line that says so, and is closed.
///
/// It lingers, so that a peer that is sending reads the line; but only so many do at once: connections that take no
/// place within the limits must not take the descriptors and the memory of those that do.
final class Farewell: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let lane: Lane
    private let refusal: Refusal
    /// Where it waits until it has its line, or has ended before; then nil.
    private var arrivals: Arrivals?
    private var end: Scheduled<Void>?

    init(_ lane: Lane, _ refusal: Refusal, _ arrivals: Arrivals) {
        self.lane = lane
        self.refusal = refusal
        self.arrivals = arrivals
    }

    func channelActive(context: ChannelHandlerContext) {
        defer { arrivals.take()?.remove() }
        var line: [UInt8] = []
        line.appendRefusal(refusal)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: line)), promise: nil)
        guard lane.farewells < ServerLimits.farewells else { return context.close(promise: nil) }
        lane.farewells += 1
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        end = context.eventLoop.scheduleTask(in: ServerLimits.lingering) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        arrivals.take()?.remove()
        guard let end else { return }
        end.cancel()
        lane.farewells -= 1
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
