internal import SignetClient

/// What `status` answered as OpenMetrics 1.0 text (https://prometheus.io/docs/specs/om/open_metrics_spec/), as
/// Prometheus and others read it.
struct OpenMetrics {
    private(set) var text = ""

    /// No info and no stateset: collectors that read Prometheus' older format as well, node_exporter's among them, refuse
    /// a file with a type that they do not know.
    private enum Kind: String { case counter, gauge }

    init(_ status: JSON) {
        info(status)
        single("signet_uptime_seconds", .gauge, "seconds", "Time since the daemon began.", status["uptime"])
        single(
            "signet_generation", .gauge, nil, "Sets of keys and policy served since the start.", status["generation"])
        // To others than admins, the daemon says no more.
        if status["time"] != nil { admins(status) }
        text += "# EOF\n"
    }

    private mutating func info(_ status: JSON) {
        begin("signet_build_info", .gauge, nil, "The daemon's version, and always 1.")
        sample("signet_build_info", [("version", status["version"]?.string ?? "?")], "1")
    }

    private mutating func admins(_ status: JSON) {
        single("signet_time_seconds", .gauge, "seconds", "The daemon's clock, since 1970-01-01 UTC.", status["time"])
        let faults = JSON(status["faults"]?.elements?.count ?? 0)
        single("signet_faults", .gauge, nil, "What is wrong and does not stop the service.", faults)
        if let last = status["last_reload"], !last.isNull {
            let ok = JSON(last["ok"]?.bool == true ? 1 : 0)
            single("signet_last_reload_success", .gauge, nil, "Whether the last reload succeeded.", ok)
            single(
                "signet_last_reload_time_seconds", .gauge, "seconds", "When the last reload was, since 1970-01-01 UTC.",
                last["time"])
        }
        counters(status["counters"] ?? [:])
        keyrings(status["keyrings"]?.elements ?? [])
    }

    private mutating func counters(_ counters: JSON) {
        total("signet_tokens_signed", "Tokens signed.", counters["signed"])
        total("signet_tokens_verified", "Tokens verified and found valid.", counters["verified"])
        total("signet_tokens_invalid", "Tokens verified and found not valid.", counters["invalid"])
        totals("signet_requests_refused", "Requests refused, by error code.", "code", counters["refused"])
        totals("signet_limits_reached", "How often a limit was reached, by its setting.", "limit", counters["limits"])
        let cache = counters["verify_cache"]
        total("signet_verify_cache_hits", "Signatures that were found right before.", cache?["hits"])
        total("signet_verify_cache_misses", "Signatures that were verified anew.", cache?["misses"])
    }

    private mutating func keyrings(_ rings: [JSON]) {
        begin("signet_keyring_signs", .gauge, nil, "Whether a key of the keyring signs now.")
        for ring in rings {
            sample("signet_keyring_signs", [("keyring", name(ring))], ring["signs"]?.string == nil ? "0" : "1")
        }
        let states = ["next", "current", "previous", "gone", "revoked"]
        begin("signet_key_state", .gauge, nil, "Whether a key is in a state: 1, else 0.")
        for (ring, key) in Self.keys(rings) {
            for state in states {
                let isIn = key["state"]?.string?.utf8.elementsEqual(state.utf8) == true
                sample("signet_key_state", labels(ring, key) + [("state", state)], isIn ? "1" : "0")
            }
        }
        times(rings, "signet_key_expires_seconds", "When a key ends by itself, since 1970-01-01 UTC.", "expires")
        times(
            rings, "signet_key_verifies_until_seconds", "Until when a key verifies, since 1970-01-01 UTC.",
            "verifies_until")
    }

    private mutating func times(_ rings: [JSON], _ metric: String, _ help: String, _ member: String) {
        begin(metric, .gauge, "seconds", help)
        for (ring, key) in Self.keys(rings) {
            if let time = key[member]?.integer { sample(metric, labels(ring, key), "\(time)") }
        }
    }

    private static func keys(_ rings: [JSON]) -> [(ring: JSON, key: JSON)] {
        rings.flatMap { ring in (ring["keys"]?.elements ?? []).map { (ring, $0) } }
    }

    private func name(_ ring: JSON) -> String { ring["name"]?.string ?? "?" }

    private func labels(_ ring: JSON, _ key: JSON) -> [(String, String)] {
        [("keyring", name(ring)), ("kid", key["kid"]?.string ?? "?")]
    }

    private mutating func single(_ metric: String, _ kind: Kind, _ unit: String?, _ help: String, _ value: JSON?) {
        guard let value = value?.integer else { return }
        begin(metric, kind, unit, help)
        sample(metric, [], "\(value)")
    }

    private mutating func total(_ metric: String, _ help: String, _ value: JSON?) {
        guard let value = value?.integer else { return }
        begin(metric, .counter, nil, help)
        sample("\(metric)_total", [], "\(value)")
    }

    private mutating func totals(_ metric: String, _ help: String, _ label: String, _ values: JSON?) {
        begin(metric, .counter, nil, help)
        for (name, value) in values?.members ?? [] {
            if let value = value.integer { sample("\(metric)_total", [(label, name)], "\(value)") }
        }
    }

    private mutating func begin(_ metric: String, _ kind: Kind, _ unit: String?, _ help: String) {
        text += "# TYPE \(metric) \(kind.rawValue)\n"
        if let unit { text += "# UNIT \(metric) \(unit)\n" }
        text += "# HELP \(metric) \(help)\n"
    }

    private mutating func sample(_ name: String, _ labels: [(String, String)], _ value: String) {
        let list = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
        text += list.isEmpty ? "\(name) \(value)\n" : "\(name){\(list)} \(value)\n"
    }

    /// A label's value: the three characters that would end it or its line.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
