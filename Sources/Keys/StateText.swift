internal import StrictJSON

/// The text of a state file, version 1: JSON, so that people can read it. Nothing of it is secret.
///
///     {"version":1,"running":true,"keyrings":{"web":{"longest_life":900,"adopted":1700000000,
///      "keys":{"k1":{"published":1700000000,
///      "last_exp":1700000900,"has_signed":true,"may_sign":true}}}}}
enum StateText {
    static let version: Int64 = 1

    /// Why a text is none.
    struct Fault: Error { let problem: String }

    /// - Parameters:
    ///   - rings: What is served, for the keys that may sign before the next writing.
    ///   - formerSigners: The kids that signed for each ring a moment ago, and may be doing so still.
    ///   - isRunning: Whether signatures may follow that this text does not know of.
    ///   - interval: Seconds until the next writing, at most.
    static func write(
        _ history: KeyHistory, serving rings: [Keyring], _ formerSigners: [ByteString: ByteString], isRunning: Bool,
        at now: Int64, interval: Int64
    ) -> [UInt8] {
        var text: [UInt8] = []
        text.append("{\"version\":")
        text.appendInteger(version)
        text.append(isRunning ? ",\"running\":true,\"keyrings\":{" : ",\"running\":false,\"keyrings\":{")
        for (position, name) in history.rings.keys.sorted().enumerated() {
            guard let known = history.rings[name] else { continue }
            if position > 0 { text.append(UInt8(ascii: ",")) }
            text.append("\n")
            text.appendJSONString(name.bytes)
            text.append(":{\"longest_life\":")
            text.append(known.longestLife)
            text.append(",\"adopted\":")
            text.append(known.adopted)
            text.append(",\"keys\":{")
            let served = isRunning ? rings.first { $0.name == name } : nil
            let current = served.flatMap { ring in ring.signingKey(at: now).map { ring.keys[$0].kid } }
            var signers = served.map { Self.signers(of: $0, from: now, to: now + interval) } ?? []
            if isRunning, let former = formerSigners[name] { signers.insert(former) }
            for (position, kid) in known.records.keys.sorted().enumerated() {
                guard let record = known.records[kid] else { continue }
                if position > 0 { text.append(UInt8(ascii: ",")) }
                text.append("\n ")
                text.appendJSONString(kid.bytes)
                // Rule ROT-1: before the next writing, the current key may sign and the daemon be killed.
                text.append(record, hasSigned: record.hasSigned || kid == current, maySign: signers.contains(kid))
            }
            text.append("}}")
        }
        text.append("}}\n")
        return text
    }

    /// The keys that may sign meanwhile: those that are current at either end, and those that are to be.
    private static func signers(of ring: Keyring, from start: Int64, to end: Int64) -> Set<ByteString> {
        var signers: Set<ByteString> = []
        for time in [start, end] {
            if let position = ring.signingKey(at: time) { signers.insert(ring.keys[position].kid) }
        }
        for (position, key) in ring.keys.enumerated()
        where ring.lives.state(of: position, at: start, leeway: 0) == .next { signers.insert(key.kid) }
        return signers
    }

    /// - Parameter now: When the daemon begins, or whoever reads: what was running may have signed until then.
    static func read(_ text: [UInt8], at now: Int64) throws(Fault) -> KeyHistory {
        var index = JSONIndex()
        do throws(JSONError) { try index.read(text.span, maximumDepth: 8) } catch {
            throw Fault(problem: error.message(in: text.span))
        }
        guard index.root.kind == .object else { throw Fault(problem: "is no JSON object") }
        let reader = Reader(index: index, text: text)
        guard reader.integer("version", of: index.root) == version else {
            throw Fault(problem: "is of a version that this signetd does not know")
        }
        guard let rings = reader.value("keyrings", of: index.root), rings.kind == .object else {
            throw Fault(problem: "has no \"keyrings\"")
        }
        let wasRunning = reader.value("running", of: index.root)?.kind != .false
        var found: [ByteString: KeyHistory.Ring] = [:]
        for ring in reader.members(of: rings) {
            guard let longestLife = reader.time("longest_life", of: ring.value),
                let keys = reader.value("keys", of: ring.value), keys.kind == .object
            else { throw Fault(problem: "lacks members of keyring \(ring.name.quoted)") }
            var known = KeyHistory.Ring()
            known.longestLife = longestLife
            known.adopted = reader.integer("adopted", of: ring.value) ?? 0
            for key in reader.members(of: keys) {
                let record = KeyRecord(
                    published: reader.integer("published", of: key.value),
                    latestExpiry: reader.time("last_exp", of: key.value),
                    hasSigned: reader.value("has_signed", of: key.value)?.kind == .true)
                // Rule ROT-2: what was signed after the last writing expires before this.
                if wasRunning, reader.value("may_sign", of: key.value)?.kind != .false {
                    record.noteExpiry(KeyHistory.sum(now, longestLife))
                }
                known.records[key.name] = record
            }
            found[ring.name] = known
        }
        return KeyHistory(found)
    }
}

extension Array where Element == UInt8 {
    /// A time, or "never".
    fileprivate mutating func append(_ time: Int64) {
        if time == KeyRecord.never { append("\"never\"") } else { appendInteger(time) }
    }

    fileprivate mutating func append(_ record: KeyRecord, hasSigned: Bool, maySign: Bool) {
        append(hasSigned ? ":{\"has_signed\":true" : ":{\"has_signed\":false")
        append(maySign ? ",\"may_sign\":true" : ",\"may_sign\":false")
        if let published = record.published {
            append(",\"published\":")
            append(published)
        }
        if let latestExpiry = record.latestExpiry {
            append(",\"last_exp\":")
            append(latestExpiry)
        }
        append("}")
    }
}

/// Looks up members in an indexed text.
private struct Reader {
    let index: JSONIndex
    let text: [UInt8]

    func members(of object: JSONValue) -> [(name: ByteString, value: JSONValue)] {
        var found: [(name: ByteString, value: JSONValue)] = []
        var position = object.firstMember
        while position >= 0 {
            let member = index.members[position]
            found.append((ByteString(member.name.unescaped(in: text.span)), member.value))
            position = member.next
        }
        return found
    }

    func value(_ name: StaticString, of object: JSONValue) -> JSONValue? {
        var position = object.firstMember
        while position >= 0 {
            let member = index.members[position]
            if member.name.equals(name, in: text.span) { return member.value }
            position = member.next
        }
        return nil
    }

    /// Within what sums with a leeway or a life never overflow.
    func integer(_ name: StaticString, of object: JSONValue) -> Int64? {
        guard let integer = value(name, of: object)?.integer(in: text.span) else { return nil }
        return 0...(1 << 53) ~= integer ? integer : nil
    }

    /// A time, or "never".
    func time(_ name: StaticString, of object: JSONValue) -> Int64? {
        if value(name, of: object)?.text?.equals("never", in: text.span) == true { return KeyRecord.never }
        return integer(name, of: object)
    }
}
