internal import Authorization
internal import JOSE
internal import Keys
internal import StrictJSON
internal import WireProtocol

extension Worker {
    /// `status`: how the daemon is. Admins also learn which keys there are and what has been done.
    func status(_ line: Span<UInt8>, _ identity: Identity, _ now: Int64, _ output: inout [UInt8]) {
        let snapshot = serving.snapshot
        output.beginResponse(id: reader.id, in: line, ok: true)
        output.append(",\"version\":")
        output.appendJSONString(signetVersion)
        output.append(",\"uptime\":")
        output.appendInteger(service.uptime())
        output.append(",\"generation\":")
        output.appendInteger(snapshot.generation)
        if isAdmin(identity) {
            output.append(",\"pid\":")
            output.appendInteger(Int64(service.pid))
            output.append(",\"time\":")
            output.appendInteger(now)
            appendLastReload(&output)
            output.append(",\"faults\":[")
            for (position, fault) in service.faults.enumerated() {
                if position > 0 { output.append(",") }
                output.appendJSONString(fault)
            }
            output.append("],\"keyrings\":[")
            for position in snapshot.keyrings.indices {
                if position > 0 { output.append(",") }
                appendKeyring(position, at: now, &output)
            }
            output.append("]")
            appendCounters(&output)
        }
        output.endResponse()
    }

    private func appendLastReload(_ output: inout [UInt8]) {
        guard let last = service.lastReload else { return output.append(",\"last_reload\":null") }
        output.append(",\"last_reload\":{\"time\":")
        output.appendInteger(last.time)
        if let error = last.error {
            output.append(",\"ok\":false,\"error\":")
            output.appendJSONString(error)
        } else {
            output.append(",\"ok\":true")
        }
        output.append("}")
    }

    private func appendKeyring(_ position: Int, at now: Int64, _ output: inout [UInt8]) {
        let ring = serving.snapshot.keyrings[position]
        let leeway = serving.snapshot.leeway(ofKeyring: position)
        output.append("{\"name\":")
        output.appendJSONString(ring.name.bytes)
        output.append(",\"algorithm\":")
        output.appendJSONString(ring.algorithm.name)
        output.append(",\"verifier_cache\":")
        output.appendInteger(ring.lives.verifierCache)
        output.append(",\"signs\":")
        if let signing = ring.signingKey(at: now) {
            output.appendJSONString(ring.keys[signing].kid.bytes)
        } else {
            output.append("null")
        }
        output.append(",\"keys\":[")
        for (key, life) in ring.lives.all.enumerated() {
            if key > 0 { output.append(",") }
            output.append("{\"kid\":")
            output.appendJSONString(life.kid.bytes)
            output.append(",\"alg\":")
            output.appendJSONString(ring.keys[key].algorithm.name)
            output.append(",\"state\":")
            output.appendJSONString(ring.lives.state(of: key, at: now, leeway: leeway).rawValue)
            output.append("signs_from", ring.lives.signsFrom(key, at: now))
            output.append("verifies_until", ring.lives.verifiesUntil(key, at: now, leeway: leeway))
            output.append("expires", life.times.expires)
            output.append("published", life.record.published)
            output.append("last_exp", life.record.latestExpiry)
            output.append("safe_to_remove", ring.lives.safeToRemove(key, at: now, leeway: leeway))
            output.append(",\"file\":")
            output.appendJSONString(ring.keys[key].file)
            output.append("}")
        }
        output.append("],\"revoked\":[")
        for (position, kid) in ring.revoked.enumerated() {
            if position > 0 { output.append(",") }
            output.appendJSONString(kid.bytes)
        }
        output.append("]}")
    }

    private func appendCounters(_ output: inout [UInt8]) {
        output.append(",\"counters\":{\"signed\":")
        output.appendInteger(service.sum { $0.signed.value })
        output.append(",\"verified\":")
        output.appendInteger(service.sum { $0.verified.value })
        output.append(",\"invalid\":")
        output.appendInteger(service.sum { $0.invalid.value })
        output.append(",\"refused\":{")
        var isFirst = true
        for code in ErrorCode.allCases {
            let count = service.sum { $0.refusals(code) }
            if count == 0 { continue }
            if !isFirst { output.append(",") }
            isFirst = false
            output.appendJSONString(code.rawValue)
            output.append(":")
            output.appendInteger(count)
        }
        output.append("},\"limits\":{")
        for (position, limit) in ServiceLimit.allCases.enumerated() {
            if position > 0 { output.append(",") }
            output.appendJSONString(limit.rawValue)
            output.append(":")
            output.appendInteger(service.sum { $0.reached(limit) })
        }
        output.append("}")
        if service.verifyCache != nil {
            output.append(",\"verify_cache\":{\"hits\":")
            output.appendInteger(service.sum { $0.remembered.value })
            output.append(",\"misses\":")
            output.appendInteger(service.sum { $0.notRemembered.value })
            output.append("}")
        }
        output.append("}")
    }
}

extension Array where Element == UInt8 {
    /// A member that holds a time; what is unknown or never comes is null.
    fileprivate mutating func append(_ name: StaticString, _ time: Int64?) {
        append(",\"")
        append(name)
        append("\":")
        if let time, time != KeyRecord.never { appendInteger(time) } else { append("null") }
    }
}
