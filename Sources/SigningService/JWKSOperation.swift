internal import Authorization
internal import Keys
internal import StrictJSON
internal import WireProtocol

extension Worker {
    /// `jwks`: the public keys of the rings that the caller may see (rule JWKS-1). HMAC keys have none.
    func jwks(
        _ request: Request, _ line: Span<UInt8>, _ identity: Identity, _ now: Int64, _ output: inout [UInt8]
    ) throws(Refusal) {
        let rings = try keyrings(request.keyring, line, identity)
        output.beginResponse(id: reader.id, in: line, ok: true)
        output.append(",\"jwks\":{\"keys\":[")
        let snapshot = serving.snapshot
        for ring in rings {
            snapshot.keyrings[ring].appendPublicKeys(
                at: now, leeway: snapshot.leeway(ofKeyring: ring), to: &output)
        }
        output.append("]},\"generation\":")
        output.appendInteger(snapshot.generation)
        output.append(",\"refresh_hint\":")
        // Who keeps the set for no longer never meets a token of a key that it does not know (rule ROT-1).
        let cache = rings.map { snapshot.keyrings[$0].lives.verifierCache }.min() ?? 0
        output.appendInteger(max(cache, Limits.shortestRefreshHint))
        output.endResponse()
    }

    /// The positions of the rings that are asked for. One that the caller may not see is as one that does not exist.
    private func keyrings(
        _ name: JSONText?, _ line: Span<UInt8>, _ identity: Identity
    ) throws(Refusal) -> [Int] {
        let snapshot = serving.snapshot
        guard let name else {
            let visible = snapshot.keyrings.indices.filter { snapshot.mayPublish(keyring: $0, to: identity) }
            if visible.isEmpty { throw Refusal(.notPermitted, "you may see the keys of no keyring") }
            return visible
        }
        if let ring = snapshot.keyring(name, in: line) {
            if snapshot.mayPublish(keyring: ring, to: identity) { return [ring] }
        } else if snapshot.isAdmin(identity) {
            throw Refusal(.unknownKeyring, "there is no keyring \(name.quoted(in: line))")
        }
        throw Refusal(.notPermitted, "you may not see the keys of keyring \(name.quoted(in: line))")
    }
}
