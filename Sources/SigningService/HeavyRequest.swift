internal import Authorization
internal import StrictJSON
package import WireProtocol

/// A request whose cryptography would hold up an event loop: decided there already, and carried out by a worker of another
/// thread (`Worker.carryOut`), with the keys and the policy that it was decided by.
package struct HeavyRequest: Sendable {
    /// The line is read again by whoever carries it out: that costs a thousandth of what it asks for.
    let line: [UInt8]
    /// What it was decided by.
    package let snapshot: Snapshot
    let work: Work
    /// Who asked, and when.
    let identity: Identity
    let now: Moment
    /// The `id` to echo, as its raw token.
    private let id: [UInt8]?

    /// What is left to do.
    enum Work: Sendable {
        case sign(TokenPlan)
        /// Position of the profile, and the entry that serves the request.
        case verify(profile: Int, AllowEntry)
    }

    init(
        _ line: Span<UInt8>, id: [UInt8]?, _ identity: Identity, _ now: Moment, _ snapshot: Snapshot, _ work: Work
    ) {
        self.identity = identity
        self.now = now
        var copy: [UInt8] = []
        copy.append(line)
        self.line = copy
        self.id = id
        self.snapshot = snapshot
        self.work = work
    }

    /// What it keeps in memory while it waits, in bytes.
    package var byteCount: Int { line.count }

    /// The answer line of one that is not carried out.
    package func refuse(with refusal: Refusal) -> [UInt8] {
        var output: [UInt8] = []
        output.appendRefusal(refusal, id: id)
        return output
    }
}

extension Worker {
    /// Hands a decided request to whoever has time for it.
    func leave(
        _ work: HeavyRequest.Work, of line: Span<UInt8>, from identity: Identity, at now: Moment,
        decidedBy snapshot: Snapshot
    ) -> Outcome {
        .heavy(HeavyRequest(line, id: rawID(in: line), identity, now, snapshot, work))
    }

    /// Does what is left of a request that another worker decided, by appending one response line.
    ///
    /// - Returns: What happened; never that it is left to somebody else.
    package func carryOut(_ heavy: HeavyRequest, into output: inout [UInt8]) -> Outcome {
        serve(by: heavy.snapshot)
        let line = heavy.line
        defer { handOverAudit() }
        return answer(into: &output, idIn: line.span) { (output) throws(Refusal) in
            let request = try reader.read(line.span)
            self.request = request
            switch heavy.work {
            case .sign(let plan):
                try sign(request, line.span, plan, for: heavy.identity, at: heavy.now, &output)
            case .verify(let profile, let entry):
                _ = try verify(request, line.span, profile, entry, heavy.now.unixSeconds, &output)
            }
            return .answered
        }
    }

    /// Counts the refusal of a request that is not carried out after all, and tells what the log needs.
    package func note(_ refusal: Refusal, of heavy: HeavyRequest) -> Outcome {
        counters.note(refusal.code)
        return .refused(RefusedRequest(refusal))
    }

    /// Signs and verifies by this snapshot from now on; contexts of the keys of any other are wiped.
    package func serve(by snapshot: Snapshot) {
        if signing.snapshot !== snapshot { signing = SnapshotUse(snapshot) }
        serving = signing
    }
}
