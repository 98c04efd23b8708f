internal import NIOCore
internal import SigningService
internal import WireProtocol

// How a connection ends.
extension Connection {
    /// Answers no more lines, and ends when what was answered is sent.
    func conclude(_ ending: Ending) {
        guard phase == .serving else { return }
        phase = .concluding(ending)
        framer.drop()
        lineBegan = nil
        if let context {
            updateReading(context)
            accountForBuffers(context)
        }
        concludeWhenAnswered()
    }

    /// Ends if every answer that was awaited is here.
    func concludeWhenAnswered() {
        guard case .concluding(let ending) = phase, queue.isEmpty, let context else { return }
        phase = .lingering(until: nil)
        switch ending {
        case .close: afterSending(context) { _, context in context.close(promise: nil) }
        // No more from us; what the peer still sends is dropped for a while, so that a sender of megabytes still reads
        // its answer.
        case .linger:
            afterSending(context) { connection, context in
                guard connection.phase == .lingering(until: nil) else { return }
                connection.phase = .lingering(until: .now() + ServerLimits.lingering)
                context.close(mode: .output, promise: nil)
                if connection.inputEnded { context.close(promise: nil) }
            }
        }
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

    func beginStopping() { bytesBeforeStop = framer.unansweredBytes }

    /// Who is blocked or waits for an answer is closed later, by the sweep: what it sent before still gets its answers.
    func closeWhenSent() {
        guard !isBlocked, !isPostponed, queue.isEmpty else { return }
        conclude(.close)
    }
}

// When a connection has outstayed a deadline.
extension Connection {
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
            refuse(Refusal(.timeout, "a request line was begun and not ended in time"), at: .requestTimeout)
            flush(context)
            conclude(.linger)
        case .silence:
            if !lane.isClosing { lane.worker.count(.idleTimeout) }
            conclude(.close)
        case .reading:
            lane.worker.count(.writeTimeout)
            context.close(promise: nil)
        }
    }

    private enum Overdue { case line, silence, reading }

    private func overdue(at now: NIODeadline) -> Overdue? {
        let limits = lane.shared.limits
        if let stalled = sending.stalledSince {
            if now - stalled > limits.writeTimeout { return .reading }
            if isBlocked || phase != .serving { return nil }
        }
        guard phase == .serving, !isPostponed, queue.isEmpty else { return nil }
        if let lineBegan, now - lineBegan > limits.requestTimeout { return .line }
        // While answers wait, the peer is not silent but slow.
        guard sending.stalledSince == nil else { return nil }
        let patience = lane.isClosing ? ServerLimits.stopSilence : limits.idleTimeout
        return now - lastActivity > patience ? .silence : nil
    }

    private func lookAtSending(_ context: ChannelHandlerContext, _ now: NIODeadline) {
        guard sending.isUndecided else { return }
        let waited = sending.stalledSince != nil
        if sending.look(waiting: unsentBytes(context), at: now) != .stalls, waited { lastActivity = now }
        if blocks > 0 { accountForBuffers(context) }
    }
}
