package import Authorization
package import OpenSSL
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
    /// The token, where a request wrote it with escapes.
    var unescapedToken: [UInt8] = []
    let random: RandomPool
    /// What `sign` and `explain` decide by; all else goes by `serving`. They differ only while a reload goes from loop
    /// to loop (`verify(with:)`, `sign(with:)`).
    var signing: SnapshotUse
    var serving: SnapshotUse
    let service: ServiceState
    /// Lines of signatures that the log has not got yet.
    var auditLines: [UInt8] = []
    let counters: ServiceCounters

    /// - Parameter service: What the whole daemon tells of itself.
    package init(_ snapshot: Snapshot, _ service: ServiceState) throws(SecretMemoryError) {
        random = try RandomPool()
        signing = SnapshotUse(snapshot)
        serving = signing
        self.service = service
        counters = service.addCounters()
    }

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
        let start = output.count
        let request: Request
        do throws(Refusal) { request = try reader.read(line) } catch {
            return refuse(RefusedRequest(error), line, &output, from: start)
        }
        do throws(Refusal) {
            switch request.operation {
            case .ping: ping(line, &output)
            case .sign: try sign(request, line, identity, now, &output)
            case .verify: try verify(request, line, identity, now, &output)
            case .explain: try explain(request, line, identity, now, &output)
            case .jwks: try jwks(request, line, identity, now.unixSeconds, &output)
            case .status: status(line, identity, now.unixSeconds, &output)
            case .reload: return .deferred(try reload(request, line, identity))
            }
            return .answered
        } catch {
            return refuse(RefusedRequest(error, request, in: line), line, &output, from: start)
        }
    }

    private func refuse(
        _ request: RefusedRequest, _ line: Span<UInt8>, _ output: inout [UInt8], from start: Int
    ) -> Outcome {
        counters.note(request.refusal.code)
        output.removeSubrange(start...)
        output.appendRefusal(request.refusal, id: reader.id, in: line)
        return .refused(request)
    }

    /// Counts a refusal that was decided before a request could be read.
    package func count(_ refusal: Refusal) { counters.note(refusal.code) }

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
        /// Somebody else carries it out; no later line of the connection is answered before it is.
        case deferred(DeferredReload)
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
