internal import Authorization
internal import NIOCore
internal import POSIX
internal import SigningService
internal import WireProtocol

/// One client: finds the lines in what arrives, has each answered, and sends the answers in order.
///
/// A turn reads what is there, answers every whole line in it, and writes once. A peer that does not read its answers is
/// not read from.
final class Connection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase: Equatable {
        case serving
        /// Nothing more is answered. What the peer still sends is read and dropped until it closes or time is up.
        case lingering(until: NIODeadline?)
        case closed
    }

    private let lane: Lane
    private let identity: Identity
    private let pid: Int32
    private let onClose: () -> Void
    private var phase = Phase.serving
    private var framer: LineFramer
    private var inputEnded = false
    /// While the daemon stops: lines within the first so many bytes had arrived before, and are answered as ever.
    private var bytesBeforeStop: Int?
    private var context: ChannelHandlerContext?

    // Deadlines, looked at by the lane's sweep.
    private var lineBegan: NIODeadline?
    private var blockedSince: NIODeadline?
    private var lastActivity = NIODeadline.now()

    init(_ lane: Lane, identity: Identity, pid: Int32, onClose: @escaping () -> Void) {
        self.lane = lane
        self.identity = identity
        self.pid = pid
        self.onClose = onClose
        framer = LineFramer(limit: lane.limits.requestBytes)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        lane.add(self)
    }

    func channelInactive(context: ChannelHandlerContext) {
        phase = .closed
        lane.remove(self)
        self.context = nil
        onClose()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase == .serving else { return }
        lastActivity = NIODeadline.now()
        framer.append(unwrapInboundIn(data))
        serve(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else {
            return context.fireUserInboundEventTriggered(event)
        }
        inputEnded = true
        if phase == .serving { serve(context) } else { context.close(promise: nil) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable, phase == .serving else { return }
        blockedSince = nil
        lastActivity = .now()
        lineBegan = nil
        serve(context)
        if phase == .serving, blockedSince == nil { setReading(true, context) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// Answers the whole lines that are here, as far as the peer reads its answers.
    private func serve(_ context: ChannelHandlerContext) {
        var fatal: Refusal?
        var hasAnswered = false
        let now = lane.clock()
        serving: while blockedSince == nil {
            switch framer.next(
                while: { lane.answers.count < ServerLimits.unreadAnswers.high },
                { line, consumed in
                    hasAnswered = true
                    answer(line, consumed: consumed, at: now)
                })
            {
            case .needsMore: break serving
            case .paused: flush(context)
            case .refused(let refusal):
                fatal = refusal
                break serving
            }
        }
        if let fatal {
            lane.answers.appendRefusal(fatal)
            lane.refusals.note(fatal, from: identity, pid: pid)
        }
        flush(context)
        let began = hasAnswered ? nil : lineBegan
        lineBegan = framer.isInsideLine ? began ?? lastActivity : nil
        if fatal != nil {
            linger(context)
        } else if blockedSince == nil, inputEnded || stopHasBeenSaid {
            if inputEnded { closeAfterSending(context) } else { linger(context) }
        }
    }

    /// Whether a line was answered with `shutting_down`, after which nothing more is.
    private var stopHasBeenSaid = false

    private func answer(_ line: Span<UInt8>, consumed: Int, at now: Int64) {
        if lane.isStopping, consumed > bytesBeforeStop ?? 0 {
            lane.worker.refuse(line, with: Refusal(.shuttingDown, "the daemon is stopping"), into: &lane.answers)
            stopHasBeenSaid = true
            return
        }
        switch lane.worker.answer(line, from: identity, at: now, into: &lane.answers) {
        case .answered: break
        case .refused(let refusal): lane.refusals.note(refusal, from: identity, pid: pid)
        }
    }

    /// Writes the answers of this turn at once, and stops reading when the peer has left too many unread.
    private func flush(_ context: ChannelHandlerContext) {
        guard !lane.answers.isEmpty else { return }
        lane.outgoing.clear(minimumCapacity: lane.answers.count)
        lane.outgoing.writeBytes(lane.answers)
        if lane.answers.capacity > Lane.keptAnswers {
            lane.answers = []
        } else {
            lane.answers.removeAll(keepingCapacity: true)
        }
        context.writeAndFlush(wrapOutboundOut(lane.outgoing), promise: nil)
        if !context.channel.isWritable, blockedSince == nil {
            blockedSince = NIODeadline.now()
            setReading(false, context)
        }
    }

    private func setReading(_ isReading: Bool, _ context: ChannelHandlerContext) {
        try? context.channel.syncOptions?.setOption(.autoRead, value: isReading)
    }
}

// How a connection ends.
extension Connection {
    /// The answers first, then no more from us; what the peer still sends is dropped for a while, so that a sender of
    /// megabytes still reads its answer.
    private func linger(_ context: ChannelHandlerContext) {
        phase = .lingering(until: nil)
        framer.drop()
        lineBegan = nil
        setReading(true, context)
        afterSending(context) { connection, context in
            guard connection.phase == .lingering(until: nil) else { return }
            connection.phase = .lingering(until: .now() + ServerLimits.lingering)
            context.close(mode: .output, promise: nil)
            if connection.inputEnded { context.close(promise: nil) }
        }
    }

    private func closeAfterSending(_ context: ChannelHandlerContext) {
        phase = .lingering(until: nil)
        framer.drop()
        lineBegan = nil
        afterSending(context) { _, context in context.close(promise: nil) }
    }

    /// Calls `body` when the kernel has taken every answer.
    private func afterSending(
        _ context: ChannelHandlerContext, _ body: @escaping (Connection, ChannelHandlerContext) -> Void
    ) {
        if !context.channel.isWritable { blockedSince = blockedSince ?? .now() }
        let promise = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: promise)
        promise.futureResult.assumeIsolated().whenComplete { [weak self] _ in
            guard let self, let context = self.context else { return }
            blockedSince = nil
            body(self, context)
        }
    }

    /// Cuts a connection that has outstayed a deadline.
    func enforceDeadlines(at now: NIODeadline) {
        guard let context else { return }
        let limits = lane.limits
        switch phase {
        case .lingering(let until?) where now >= until: context.close(promise: nil)
        case _ where blockedSince.map { now - $0 > limits.writeTimeout } ?? false: context.close(promise: nil)
        case .serving where blockedSince == nil:
            if let lineBegan, now - lineBegan > limits.requestTimeout {
                lane.answers.appendRefusal(Refusal(.timeout, "a request line was begun and not ended in time"))
                flush(context)
                linger(context)
            } else if now - lastActivity > limits.idleTimeout {
                context.close(promise: nil)
            }
        default: break
        }
    }

    func beginStopping() { bytesBeforeStop = framer.unansweredBytes }

    func closeWhenSent() {
        guard let context, phase == .serving, blockedSince == nil else { return }
        closeAfterSending(context)
    }
}
