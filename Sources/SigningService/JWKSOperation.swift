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
        var isFirst = true
        for ring in rings {
            let leeway = snapshot.leeway(ofKeyring: ring)
            for key in snapshot.keyrings[ring].keys where key.verifies(at: now, leeway: leeway) {
                guard let json = key.publicJWK else { continue }
                if !isFirst { output.append(UInt8(ascii: ",")) }
                isFirst = false
                output += json
            }
        }
        output.append("]},\"generation\":")
        output.appendInteger(snapshot.generation)
        output.append(",\"refresh_hint\":")
        output.appendInteger(Limits.jwksRefreshHint)
        output.endResponse()
    }

    /// The positions of the rings that are asked for. One that the caller may not see is as one that does not exist.
    private func keyrings(
        _ name: JSONText?, _ line: Span<UInt8>, _ identity: Identity
    ) throws(Refusal) -> [Int] {
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
