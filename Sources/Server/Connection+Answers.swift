internal import Authorization
internal import NIOCore
internal import SigningService
internal import WireProtocol

// How answers leave: those made here at once, those made elsewhere in their place.
extension Connection {
    /// Hands a request to the pool; its answer keeps its place among the others.
    func handIn(_ request: HeavyRequest) {
        settle()
        guard let refusal = offer(request, for: queue.upcoming) else {
            return queue.reserve(request: request.byteCount)
        }
        lane.refusals.note(refusal, from: identity, pid: pid)
        lane.answers += request.refuse(with: refusal)
    }

    /// Offers a request to the pool, its answer being for a place. Returns why the pool does not take it.
    private func offer(_ request: HeavyRequest, for number: Int) -> Refusal? {
        let connection = NIOLoopBound(self, eventLoop: lane.loop)
        let refusal = lane.shared.pool.handIn(request, of: identity.uid ?? Identity.overflowUID) { answer, outcome in
            connection.eventLoop.execute { connection.value.resume(number, with: answer, outcome) }
        }
        if let refusal {
            lane.worker.count(refusal)
            lane.worker.count(.inFlight)
        }
        return refusal
    }

    /// Has an account looked up, and then the line answered that needs it, in its place among the others.
    func handIn(_ lookup: AccountLookup) {
        settle()
        let number = queue.upcoming
        queue.reserve(request: lookup.line.count)
        lookUp(lookup, for: number)
    }

    private func lookUp(_ lookup: AccountLookup, for number: Int) {
        let connection = NIOLoopBound(self, eventLoop: lane.loop)
        lane.shared.lookUp(lookup) {
            connection.eventLoop.execute { connection.value.answer(lookup.line, for: number) }
        }
    }

    /// Answers a line whose place is kept.
    private func answer(_ line: [UInt8], for number: Int) {
        guard context != nil else { return }
        var answer: [UInt8] = []
        let outcome = lane.worker.answer(line.span, from: identity, at: lane.shared.clock(), into: &answer)
        switch outcome {
        case .answered, .refused, .reload: resume(number, with: answer, outcome)
        case .lacksAccount(let lookup): lookUp(lookup, for: number)
        case .heavy(let request):
            guard let refusal = offer(request, for: number) else { return }
            resume(number, with: request.refuse(with: refusal), .refused(RefusedRequest(refusal)))
        }
    }

    /// Hands a reload to whoever carries it out. Meanwhile no line is looked at.
    func handIn(_ reload: DeferredReload) {
        settle()
        let number = queue.upcoming
        queue.reserve(request: 0)
        isAwaitingReload = true
        let connection = NIOLoopBound(self, eventLoop: lane.loop)
        lane.shared.reload(reload) { answer in
            connection.eventLoop.execute {
                connection.value.isAwaitingReload = false
                connection.value.resume(number, with: answer, .answered)
            }
        }
    }

    private func resume(_ number: Int, with answer: [UInt8], _ outcome: Worker.Outcome) {
        if case .refused(let request) = outcome { lane.refusals.note(request, from: identity, pid: pid) }
        lane.requireNothingLeft()
        guard let context else { return }
        queue.fill(number, with: answer, into: &lane.answers)
        lane.sendable = lane.answers.count
        if phase == .serving { return goOn(context) }
        flush(context)
        concludeWhenAnswered()
    }

    /// Puts aside the answers that wait for one made elsewhere.
    private func settle() {
        if !queue.isEmpty, lane.answers.count > lane.sendable {
            queue.hold(lane.answers[lane.sendable...])
            lane.answers.removeSubrange(lane.sendable...)
        }
        lane.sendable = lane.answers.count
    }

    /// Writes the answers of this turn at once, and stops answering when the peer has left too many unread.
    func flush(_ context: ChannelHandlerContext) {
        settle()
        lane.sendable = 0
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
        if !context.channel.isWritable { isBlocked = true }
    }

    /// Bytes that the kernel has not taken yet.
    func unsentBytes(_ context: ChannelHandlerContext) -> Int {
        guard sending.isUndecided else { return 0 }
        return (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }
}

// What a connection keeps in the daemon's memory.
extension Connection {
    /// Tells the limits what is kept at the end of a turn. Who keeps too much is refused and ends.
    func accountForBuffers(_ context: ChannelHandlerContext) {
        guard phase != .closed else { return }
        let ready = framer.unreadBytes + queue.bytes
        var now = (ready + sending.mostUnsent) / BufferLimits.block
        if now > blocks { now = (ready + unsentBytes(context)) / BufferLimits.block }
        guard now != blocks else { return }
        let isWithin = lane.shared.buffers.change(from: blocks, to: now, of: uid)
        blocks = now
        guard !isWithin, phase == .serving else { return }
        let refusal = Refusal(
            .overloaded, "too many bytes of your connections are unfinished or unread (max_buffered, a quarter of it)")
        refuse(refusal, at: .buffered)
        // Whoever does not read gets nothing more: only its end gives the memory back.
        guard !isBlocked else {
            lane.answers.removeAll(keepingCapacity: true)
            return context.close(promise: nil)
        }
        flush(context)
        conclude(.linger)
    }

    func releaseBuffers() {
        if blocks > 0 { _ = lane.shared.buffers.change(from: blocks, to: 0, of: uid) }
        blocks = 0
    }

    private var uid: UInt32 { identity.uid ?? Identity.overflowUID }
}
