internal import Authorization
internal import NIOCore
internal import POSIX
internal import SigningService
internal import WireProtocol

/// One client: finds the lines in what arrives, has each answered, and sends the answers in order.
///
/// A turn reads what is there, answers the whole lines in it as long as its time lasts, and writes once. Who does not
/// read its answers, or has too many of them made elsewhere, is not read from.
final class Connection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase: Equatable {
        case serving
        /// Nothing more is answered; answers that are made elsewhere are awaited, then follows the end.
        case concluding(Ending)
        /// What the peer still sends is read and dropped until it closes or time is up; nil: when the answers are sent.
        case lingering(until: NIODeadline?)
        case closed
    }

    /// How a connection ends when its answers are sent.
    enum Ending { case linger, close }

    let lane: Lane
    let identity: Identity
    let pid: Int32
    private let onClose: () -> Void
    var phase = Phase.serving
    var framer: LineFramer
    var inputEnded = false
    /// While the daemon stops: lines within the first so many bytes had arrived before, and are answered as ever.
    var bytesBeforeStop: Int?
    /// Whether a line was answered with `shutting_down`, after which nothing more is.
    var stopHasBeenSaid = false
    var context: ChannelHandlerContext?

    // Why no line is answered just now.

    /// Too many answers wait for the peer to read them.
    var isBlocked = false
    /// A reload is carried out: lines behind it may mean what it brings.
    var isAwaitingReload = false
    /// Its time was up: it waits for its next turn.
    var isPostponed = false
    /// Answers that are made elsewhere, and those behind them.
    var queue = AnswerQueue()

    private var isReading = true
    /// Whether it has asked for tokens: who has not, and is an admin, looks after the daemon.
    var asksForTokens = false
    /// What it keeps in memory, as `BufferLimits` knows it.
    var blocks = 0

    // Deadlines, looked at by the lane's sweep.
    var lineBegan: NIODeadline?
    var sending = SendingWatch()
    var lastActivity = NIODeadline.now()
    var wasOverdue = false

    init(_ lane: Lane, identity: Identity, pid: Int32, onClose: @escaping () -> Void) {
        self.lane = lane
        self.identity = identity
        self.pid = pid
        self.onClose = onClose
        framer = LineFramer(limit: lane.shared.limits.requestBytes)
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
        releaseBuffers()
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
        case .concluding, .lingering(until: nil): break
        case .lingering, .closed: context.close(promise: nil)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        isBlocked = false
        goOn(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// Serves on after something that stood in the way is gone.
    func goOn(_ context: ChannelHandlerContext) {
        guard phase == .serving else { return }
        lastActivity = .now()
        lineBegan = nil
        serve(context)
    }

    /// Whether a line may be answered now, as far as its answer has a place.
    private var hasRoom: Bool {
        !isBlocked && !isAwaitingReload && queue.count < ServerLimits.awaitedAnswers
            && queue.bytes < ServerLimits.unreadAnswers.high
    }

    /// A turn: answers the whole lines that are here, as far as time lasts and the peer reads its answers.
    ///
    /// Whatever stands in the way, an answer that was made elsewhere leaves at once: `lane.answers` is every connection's.
    private func serve(_ context: ChannelHandlerContext) {
        guard !isPostponed else { return flush(context) }
        guard lane.hasTimeLeft || (!asksForTokens && lane.worker.isAdmin(identity)) else {
            flush(context)
            return postpone(context)
        }
        var fatal: Refusal?
        var hasAnswered = false
        var turn = Turn()
        let now = lane.shared.clock()
        // A write can end the connection, or let the peer's next bytes in, before it returns.
        serving: while hasRoom, phase == .serving {
            switch framer.next(
                while: { hasRoom && lane.answers.count < ServerLimits.unreadAnswers.high && turn.takesLine() },
                { line, consumed in
                    hasAnswered = true
                    answer(line, consumed: consumed, at: now)
                })
            {
            case .needsMore: break serving
            case .paused:
                flush(context)
                if turn.isOver { break serving }
            case .refused(let refusal):
                fatal = refusal
                break serving
            }
        }
        lane.spend(turn.duration)
        if let fatal { refuse(fatal, at: fatal.code == .tooLarge ? .requestBytes : nil) }
        flush(context)
        guard phase == .serving else { return }
        let began = hasAnswered ? nil : lineBegan
        if fatal != nil {
            conclude(.linger)
        } else if turn.isOver, hasRoom {
            postpone(context)
        } else if hasRoom, inputEnded || stopHasBeenSaid {
            conclude(inputEnded ? .close : .linger)
        } else {
            updateReading(context)
        }
        lineBegan = framer.isInsideLine && isReading ? began ?? lastActivity : nil
        accountForBuffers(context)
    }

    /// Gives way to other connections, and to what waits in the sockets of the loop.
    private func postpone(_ context: ChannelHandlerContext) {
        isPostponed = true
        updateReading(context)
        lane.postpone(self)
    }

    /// What was postponed goes on.
    func takeTurn() {
        isPostponed = false
        if let context { goOn(context) }
    }

    private func answer(_ line: Span<UInt8>, consumed: Int, at now: Moment) {
        if lane.isStopping, consumed > bytesBeforeStop ?? 0 {
            let refusal = Refusal(.shuttingDown, "the daemon is stopping")
            lane.worker.refuse(line, with: refusal, into: &lane.answers)
            lane.refusals.note(refusal, from: identity, pid: pid)
            stopHasBeenSaid = true
            return
        }
        let outcome = lane.worker.answer(line, from: identity, at: now, into: &lane.answers)
        if lane.worker.operation?.isOfTokens ?? false { asksForTokens = true }
        switch outcome {
        case .answered: break
        case .refused(let refusal): lane.refusals.note(refusal, from: identity, pid: pid)
        case .heavy(let request): handIn(request)
        case .reload(let reload): handIn(reload)
        case .lacksAccount(let lookup): handIn(lookup)
        }
    }

    /// Appends a refusal that no request's reading led to.
    func refuse(_ refusal: Refusal, at limit: ServiceLimit?) {
        lane.worker.count(refusal)
        if let limit { lane.worker.count(limit) }
        lane.answers.appendRefusal(refusal)
        lane.refusals.note(refusal, from: identity, pid: pid)
    }

    /// Reads, or lets the peer wait, as the connection is just now.
    func updateReading(_ context: ChannelHandlerContext) {
        let shouldRead =
            switch phase {
            case .serving: hasRoom && !isPostponed
            case .concluding, .lingering: true
            case .closed: false
            }
        guard shouldRead != isReading else { return }
        isReading = shouldRead
        try? context.channel.syncOptions?.setOption(.autoRead, value: shouldRead)
    }
}
