internal import NIOCore
internal import NIOPosix
internal import POSIX

/// Lets a loop that has work left look at its sockets first.
///
/// A pipe of the loop to itself: a byte in it makes the next wait for events return at once, together with every socket
/// that is ready. Tasks of the loop, also those scheduled for now, run one after another before it looks at any socket.
final class LoopYield: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let goOn: () -> Void
    private var context: ChannelHandlerContext?
    private var isUnderWay = false
    private let byte = ByteBuffer(bytes: [0])

    /// - Parameter goOn: Called on the loop, once for any number of `ask` before it.
    init(_ goOn: @escaping () -> Void) { self.goOn = goOn }

    /// Opens the pipe on a loop, from another thread.
    static func open(_ yield: NIOLoopBound<LoopYield>) throws {
        let pipe = try Descriptor.openPipe()
        let loop = yield.eventLoop
        _ = try NIOPipeBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(yield.value)
                }
            }
            .takingOwnershipOfDescriptors(input: pipe.output, output: pipe.input).wait()
    }

    /// Has `goOn` called when the loop has looked at its sockets.
    func ask() {
        guard !isUnderWay else { return }
        isUnderWay = true
        context?.writeAndFlush(wrapOutboundOut(byte), promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isUnderWay = false
        goOn()
    }
}
