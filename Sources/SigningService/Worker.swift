package import Authorization
internal import OpenSSL
internal import StrictJSON
package import WireProtocol

/// One event loop's half of the service: the snapshot that it serves, and memory that it uses again for each request.
///
/// `answer` is the heart of Signet: a request line, a caller and a time become a response line. It knows no socket, no
/// clock and no file. Not to be shared between threads.
package final class Worker {
    var reader = RequestReader()
    /// The part of a token that is being verified.
    var tokenPart = TokenPart()
    /// The payload that is being built.
    var payload: [UInt8] = []
    /// The times of the token that was signed last.
    var timesText = TokenTimesText()
    /// The token, where a request wrote it with escapes.
    var unescapedToken: [UInt8] = []
    let random: RandomPool
    /// The bucket for refusals of the user who was refused last.
    var latestRefusals: (user: UInt32?, bucket: TokenBucket)?
    /// What `sign` and `explain` decide by; all else goes by `serving`. They differ only while a reload goes from loop
    /// to loop (`verify(with:)`, `sign(with:)`).
    var signing: SnapshotUse
    var serving: SnapshotUse
    /// What the line says that was read last; nil when it could not be read.
    var request: Request?
    let service: ServiceState
    /// Lines of signatures that the log has not got yet.
    var auditLines: [UInt8] = []
    /// The line that is being written.
    var auditLine: LogLine
    let counters: ServiceCounters
    let digest: DigestContext
    /// Made when it is first asked for.
    var selfTest: SelfTest?
    /// Whether what takes long is left to others (`HeavyRequest`).
    let leavesHeavyWork: Bool

    /// - Parameters:
    ///   - service: What the whole daemon tells of itself.
    ///   - leavesHeavyWork: Whether to hand out requests whose cryptography takes long instead of answering them.
    package init(
        _ snapshot: Snapshot, _ service: ServiceState, leavesHeavyWork: Bool = false
    ) throws {
        self.leavesHeavyWork = leavesHeavyWork
        digest = try DigestContext()
        random = try RandomPool()
        signing = SnapshotUse(snapshot)
        serving = signing
        self.service = service
        auditLine = LogLine(service.auditLog?.form ?? .text)
        counters = service.addCounters()
    }

    /// What the line asked for that was answered last; nil when it could not be read.
    package var operation: Operation? { request?.operation }

    /// What the log tells of requests.
    package var audit: AuditScope { serving.snapshot.audit }

    /// Whether a caller may administer the daemon.
    package func isAdmin(_ identity: Identity) -> Bool { serving.snapshot.isAdmin(identity) }

    /// Verifies and publishes by this snapshot from now on, and signs as before: the first step of a reload, so that no
    /// loop meets a token that it cannot verify yet, and with the same snapshot as the signing one the last.
    package func verify(with snapshot: Snapshot) {
        serving = snapshot === signing.snapshot ? signing : SnapshotUse(snapshot)
    }

    /// Signs by this snapshot from now on.
    package func sign(with snapshot: Snapshot) {
        signing = snapshot === serving.snapshot ? serving : SnapshotUse(snapshot)
    }

    /// Answers one request line (without its LF) by appending one response line.
    ///
    /// - Parameters:
    ///   - identity: Who asks.
    ///   - now: When, by the wall clock and by one that never steps.
    /// - Returns: What happened, for the log; and whether the answer is still to come.
    package func answer(
        _ line: Span<UInt8>, from identity: Identity, at now: Moment, into output: inout [UInt8]
    ) -> Outcome {
        request = nil
        return answer(into: &output, idIn: line) { (output) throws(Refusal) in
            do throws(Refusal) {
                let request = try reader.read(line)
                self.request = request
                return try answer(request, line, identity, now, &output)
            } catch { throw chargeRefusal(error, to: identity, at: now) }
        }
    }

    private func answer(
        _ request: Request, _ line: Span<UInt8>, _ identity: Identity, _ now: Moment, _ output: inout [UInt8]
    ) throws(Refusal) -> Outcome {
        switch request.operation {
        case .ping: ping(line, &output)
        case .sign: return try sign(request, line, identity, now, &output)
        case .verify: return try verify(request, line, identity, now, &output)
        case .explain: return try explain(request, line, identity, now, &output)
        case .jwks: try jwks(request, line, identity, now.unixSeconds, &output)
        case .status: status(line, identity, now.unixSeconds, &output)
        case .reload: return .reload(try reload(request, line, identity))
        }
        return .answered
    }

    /// Appends what `body` answers to a line, or its refusal in place of that.
    func answer(
        into output: inout [UInt8], idIn line: Span<UInt8>,
        _ body: (inout [UInt8]) throws(Refusal) -> Outcome
    ) -> Outcome {
        let start = output.count
        do throws(Refusal) { return try body(&output) } catch {
            counters.note(error.code)
            output.removeSubrange(start...)
            output.appendRefusal(error, id: reader.id, in: line)
            return .refused(RefusedRequest(error, request, in: line))
        }
    }

    /// The `id` of the line that was read last, as its raw token.
    func rawID(in line: Span<UInt8>) -> [UInt8]? {
        guard let id = reader.id else { return nil }
        var text: [UInt8] = []
        text.append(line, from: id.start, to: id.end)
        return text
    }

    /// Counts a refusal that was decided before a request could be read.
    package func count(_ refusal: Refusal) { counters.note(refusal.code) }

    /// Counts that a caller has reached a limit.
    package func count(_ limit: ServiceLimit) { counters.note(limit) }

    /// Appends a refusal of a line that is not looked at but for its `id`.
    package func refuse(_ line: Span<UInt8>, with refusal: Refusal, into output: inout [UInt8]) {
        // Reading a line that is itself malformed leaves no `id`, which is all that matters here.
        _ = try? reader.read(line)
        counters.note(refusal.code)
        output.appendRefusal(refusal, id: reader.id, in: line)
    }

    /// What became of a request.
    package enum Outcome: Sendable {
        case answered
        case refused(RefusedRequest)
        /// Somebody else carries it out; its answer comes before those to later lines of the connection.
        case heavy(HeavyRequest)
        /// Somebody else carries it out; no later line of the connection is looked at before it is.
        case reload(DeferredReload)
        /// Nothing is answered yet. When the look-up has been carried out, its line is to be answered anew; its answer
        /// comes before those to later lines of the connection.
        case lacksAccount(AccountLookup)
    }

    private func ping(_ line: Span<UInt8>, _ output: inout [UInt8]) {
        output.beginResponse(id: reader.id, in: line, ok: true)
        output.append(",\"version\":")
        output.appendJSONString(signetVersion)
        output.append(",\"protocol\":")
        output.appendInteger(Int64(Limits.protocolVersion))
        output.endResponse()
    }
}

extension Refusal {
    static func internalFailure(_ error: OpenSSLError) -> Refusal { Refusal(.internal, "\(error)") }
}
