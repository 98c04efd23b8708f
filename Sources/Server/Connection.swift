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

    /// Whether too many answers wait for the peer to read them: meanwhile nothing is read and nothing answered.
    private var isBlocked = false
    /// Whether an answer is made elsewhere: no later line is answered before it is here.
    private var isAwaiting = false

    // Deadlines, looked at by the lane's sweep.
    private var lineBegan: NIODeadline?
    private var sending = SendingWatch()
    private var lastActivity = NIODeadline.now()
    private var wasOverdue = false

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

    func channelInactive(context: ChannelHandlerContext) { phase = .closed }

    /// The end of every connection, also of one that was closed before it became active.
    func handlerRemoved(context: ChannelHandlerContext) {
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
        switch phase {
        case .serving: serve(context)
        // Answers are on their way: whoever sends them closes.
        case .lingering(until: nil): break
        case .lingering, .closed: context.close(promise: nil)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable, phase == .serving else { return }
        isBlocked = false
        lastActivity = .now()
        lineBegan = nil
        serve(context)
        if phase == .serving, !isBlocked, !isAwaiting { setReading(true, context) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// Answers the whole lines that are here, as far as the peer reads its answers.
    private func serve(_ context: ChannelHandlerContext) {
        var fatal: Refusal?
        var hasAnswered = false
        let now = lane.clock()
        // A write can end the connection, or let the peer's next bytes in, before it returns.
        serving: while !isBlocked, !isAwaiting, phase == .serving {
            switch framer.next(
                while: { !isAwaiting && lane.answers.count < ServerLimits.unreadAnswers.high },
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
            lane.worker.count(fatal)
            lane.answers.appendRefusal(fatal)
            lane.refusals.note(fatal, from: identity, pid: pid)
        }
        flush(context)
        guard phase == .serving else { return }
        let began = hasAnswered ? nil : lineBegan
        lineBegan = framer.isInsideLine ? began ?? lastActivity : nil
        if fatal != nil {
            linger(context)
        } else if !isBlocked, !isAwaiting, inputEnded || stopHasBeenSaid {
            if inputEnded { closeAfterSending(context) } else { linger(context) }
        }
    }

    /// Whether a line was answered with `shutting_down`, after which nothing more is.
    private var stopHasBeenSaid = false

    private func answer(_ line: Span<UInt8>, consumed: Int, at now: Moment) {
        if lane.isStopping, consumed > bytesBeforeStop ?? 0 {
            let refusal = Refusal(.shuttingDown, "the daemon is stopping")
            lane.worker.refuse(line, with: refusal, into: &lane.answers)
            lane.refusals.note(refusal, from: identity, pid: pid)
            stopHasBeenSaid = true
            return
        }
        switch lane.worker.answer(line, from: identity, at: now, into: &lane.answers) {
        case .answered: break
        case .refused(let refusal): lane.refusals.note(refusal, from: identity, pid: pid)
        case .deferred(let reload): handIn(reload)
        }
    }

    /// Hands a reload to whoever carries it out. Meanwhile nothing more is read.
    private func handIn(_ reload: DeferredReload) {
        isAwaiting = true
        if let context { setReading(false, context) }
        let connection = NIOLoopBound(self, eventLoop: lane.loop)
        lane.reload(reload) { answer in
            connection.eventLoop.execute { connection.value.resume(with: answer) }
        }
    }

    private func resume(with answer: [UInt8]) {
        isAwaiting = false
        guard phase == .serving, let context else { return }
        lastActivity = .now()
        lineBegan = nil
        lane.answers += answer
        serve(context)
        if phase == .serving, !isBlocked, !isAwaiting { setReading(true, context) }
    }

    /// Writes the answers of this turn at once, and stops reading when the peer has left too many unread.
    private func flush(_ context: ChannelHandlerContext) {
        guard !lane.answers.isEmpty else { return }
        lane.worker.handOverAudit()
        lane.outgoing.clear(minimumCapacity: lane.answers.count)
        lane.outgoing.writeBytes(lane.answers)
        if lane.answers.capacity > Lane.keptAnswers {
            lane.answers = []
        } else {
            lane.answers.removeAll(keepingCapacity: true)
        }
        sending.handOver(lane.outgoing.readableBytes)
        context.writeAndFlush(wrapOutboundOut(lane.outgoing), promise: nil)
        if !context.channel.isWritable, !isBlocked {
            isBlocked = true
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
        let promise = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: promise)
        promise.futureResult.assumeIsolated().whenComplete { [weak self] _ in
            guard let self, phase != .closed, let context = self.context else { return }
            body(self, context)
        }
    }

    /// Cuts a connection that has outstayed a deadline.
    ///
    /// A loop that was busy has not yet read what arrived meanwhile, so a deadline counts when two sweeps in a row find
    /// that it has passed: between them the loop has read.
    func enforceDeadlines(at now: NIODeadline) {
        guard let context, phase != .closed else { return }
        lookAtSending(context, now)
        if case .lingering(let until?) = phase, now >= until { return context.close(promise: nil) }
        let overdue = overdue(at: now)
        defer { wasOverdue = overdue != nil }
        guard wasOverdue, let overdue else { return }
        switch overdue {
        case .line:
            let refusal = Refusal(.timeout, "a request line was begun and not ended in time")
            lane.worker.count(refusal)
            lane.answers.appendRefusal(refusal)
            lane.refusals.note(refusal, from: identity, pid: pid)
            flush(context)
            if phase == .serving { linger(context) }
        case .silence: closeAfterSending(context)
        case .reading: context.close(promise: nil)
        }
    }

    private enum Overdue { case line, silence, reading }

    private func overdue(at now: NIODeadline) -> Overdue? {
        if let stalled = sending.stalledSince {
            if now - stalled > lane.limits.writeTimeout { return .reading }
            if isBlocked || phase != .serving { return nil }
        }
        guard phase == .serving, !isAwaiting else { return nil }
        if let lineBegan, now - lineBegan > lane.limits.requestTimeout { return .line }
        // While answers wait, the peer is not silent but slow.
        guard sending.stalledSince == nil else { return nil }
        let patience = lane.isClosing ? ServerLimits.stopSilence : lane.limits.idleTimeout
        return now - lastActivity > patience ? .silence : nil
    }

    private func lookAtSending(_ context: ChannelHandlerContext, _ now: NIODeadline) {
        guard sending.isUndecided else { return }
        let waiting = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
        let waited = sending.stalledSince != nil
        if sending.look(waiting: waiting ?? 0, at: now) != .stalls, waited { lastActivity = now }
    }

    func beginStopping() { bytesBeforeStop = framer.unansweredBytes }

    /// Who is blocked is closed later, by the sweep: what it sent before still gets its answers.
    func closeWhenSent() {
        guard let context, phase == .serving, !isBlocked, !isAwaiting else { return }
        closeAfterSending(context)
    }
}
