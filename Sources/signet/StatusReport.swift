internal import SignetClient

/// What `status` answered, for a person.
struct StatusReport {
    private let json: JSON
    private let now: Int64?

    init(_ json: JSON) {
        self.json = json
        now = json["time"]?.integer
    }

    /// What wants attention, a sentence each.
    var concerns: [String] {
        var concerns = (json["faults"]?.elements ?? []).compactMap(\.string)
        if let last = json["last_reload"], last["ok"]?.bool == false {
            concerns.append("the last reload failed: \(last["error"]?.string ?? "?")")
        }
        for ring in keyrings { concerns += Self.concerns(of: ring, now) }
        return concerns
    }

    /// Within so many seconds before its end, a signing key should have a successor.
    private static let notice: Int64 = 7 * 86_400

    private static func concerns(of ring: JSON, _ now: Int64?) -> [String] {
        let name = ring["name"]?.string ?? "?"
        let keys = ring["keys"]?.elements ?? []
        guard let current = keys.first(where: { isIn("current", $0) }) else {
            // One of public keys alone, or of keys to come, may be meant so.
            let signsOne = keys.contains { $0["signs_from"]?.integer != nil }
            return keys.isEmpty || signsOne ? ["keyring \(name) has no key that signs now"] : []
        }
        guard let now, let end = current["expires"]?.integer, end - now < notice else { return [] }
        if keys.contains(where: { isIn("next", $0) }) { return [] }
        return [
            "keyring \(name): its signing key ends in \(ReadableTime.span(end - now)) and has no successor; "
                + "`signet key rotate \(name)`"
        ]
    }

    /// Compared as bytes.
    private static func isIn(_ state: String, _ key: JSON) -> Bool {
        key["state"]?.string?.utf8.elementsEqual(state.utf8) ?? false
    }

    private var keyrings: [JSON] { json["keyrings"]?.elements ?? [] }

    /// Some lines and a table a keyring.
    func text(_ paint: Paint) -> String {
        var lines = [head]
        guard now != nil else { return lines.joined(separator: "\n") }
        lines.append(lastReload(paint))
        for fault in json["faults"]?.elements ?? [] {
            lines.append(paint("fault: \(Output.printable(fault.string ?? ""))", .bad))
        }
        for ring in keyrings { lines.append(text(of: ring, paint)) }
        lines.append(counters)
        return lines.joined(separator: "\n")
    }

    private var head: String {
        var line = "signetd \(Output.printable(json["version"]?.string ?? "?"))"
        if let pid = json["pid"]?.integer { line += ", pid \(pid)" }
        if let uptime = json["uptime"]?.integer { line += ", up \(ReadableTime.span(uptime))" }
        if let generation = json["generation"]?.integer { line += ", generation \(generation)" }
        return line
    }

    private func lastReload(_ paint: Paint) -> String {
        guard let last = json["last_reload"], let time = last["time"]?.integer else {
            return "not reloaded since the start"
        }
        let ago = now.map { " (\(ReadableTime.span($0 - time)) ago)" } ?? ""
        if last["ok"]?.bool == true { return "last reload: \(ReadableTime.date(time))\(ago): \(paint("ok", .good))" }
        return "last reload: \(ReadableTime.date(time))\(ago): "
            + paint("failed, nothing changed: \(Output.printable(last["error"]?.string ?? "?"))", .bad)
    }

    private func text(of ring: JSON, _ paint: Paint) -> String {
        let name = Output.printable(ring["name"]?.string ?? "?")
        var title = "\nkeyring \(name) (\(ring["algorithm"]?.string ?? "?")"
        if let cache = ring["verifier_cache"]?.integer, cache > 0 {
            title += ", verifiers may keep its keys for \(ReadableTime.span(cache))"
        }
        title += "): "
        if let signs = ring["signs"]?.string {
            title += "signs with \(Output.printable(signs))"
        } else {
            title += paint("no key signs", .bad)
        }
        var lines = [title]
        var rows = [["KID", "STATE", "SIGNS FROM", "VERIFIES UNTIL", "LAST EXP SIGNED", "SAFE TO REMOVE"]]
        for key in ring["keys"]?.elements ?? [] {
            rows.append([
                Output.printable(key["kid"]?.string ?? "?"), Output.printable(key["state"]?.string ?? "?"),
                date(key["signs_from"]), date(key["verifies_until"]), date(key["last_exp"]), removal(key),
            ])
        }
        if rows.count > 1 { lines.append(TextTable.text(rows, indent: "  ")) }
        let revoked = (ring["revoked"]?.elements ?? []).compactMap(\.string)
        if !revoked.isEmpty {
            lines.append("  revoked: \(revoked.map { Output.printable($0) }.joined(separator: ", "))")
        }
        return lines.joined(separator: "\n")
    }

    private func date(_ time: JSON?) -> String {
        guard let time = time?.integer else { return "-" }
        return time == 0 ? "always" : ReadableTime.date(time)
    }

    private func removal(_ key: JSON) -> String {
        guard let time = key["safe_to_remove"]?.integer, let now else { return "-" }
        return time <= now ? "now" : ReadableTime.date(time)
    }

    private var counters: String {
        let counters = json["counters"]
        let count = { (name: String) in counters?[name]?.integer.map { "\($0)" } ?? "?" }
        var line = "\nsigned \(count("signed")), verified \(count("verified")), found invalid \(count("invalid"))"
        for member in counters?["refused"]?.members ?? [] {
            line += ", \(Output.printable(member.name)) \(member.value.text)"
        }
        if let cache = counters?["verify_cache"], let hits = cache["hits"]?.integer,
            let misses = cache["misses"]?.integer,
            hits + misses > 0
        {
            line +=
                "\nverify cache: \(100 * hits / (hits + misses)) % of \(hits + misses) signatures of key pairs were known"
        }
        let reached = (counters?["limits"]?.members ?? []).filter { $0.value.integer != 0 }
        if !reached.isEmpty {
            let limits = reached.map { "\(Output.printable($0.name)) \($0.value.text)" }.joined(separator: ", ")
            line += "\nlimits reached: \(limits)"
        }
        return line
    }
}
