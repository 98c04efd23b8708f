internal import JOSE
internal import SignetClient
internal import StrictJSON
internal import WireProtocol

/// What can be said of a token without a key.
struct TokenInspection {
    /// As far as they can be decoded.
    private(set) var header: JSON?
    private(set) var claims: JSON?
    /// What `exp`, `nbf` and `iat` say, in words.
    private(set) var times: [String] = []
    /// The first rule that the token breaks as a JWS, in the order in which the daemon looks.
    private(set) var flaw: String?
    /// The first rule that the payload breaks, if it is meant to be claims.
    private(set) var payloadFlaw: String?

    /// - Parameter now: Seconds since 1970-01-01 UTC.
    init(_ token: [UInt8], now: Int64) {
        let segments = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        note(Self.flaw(ofSegments: segments, token))
        guard segments.count >= 2 else { return }
        header = bytes(of: segments[0], "header").flatMap { read($0, "header", \.flaw) }
        if let header { note(Self.flaw(ofHeader: header)) }
        if segments.count == 3 { _ = bytes(of: segments[2], "signature") }
        guard segments.count <= 3, let payload = bytes(of: segments[1], "payload") else { return }
        claims = read(payload, "payload", \.payloadFlaw)
        if let claims { checkTimes(claims, now: now) }
    }

    private mutating func checkTimes(_ claims: JSON, now: Int64) {
        if claims["exp"] == nil { note("CLM-1: the claim \"exp\" is missing", \.payloadFlaw) }
        for name in ["exp", "nbf", "iat"] {
            guard let value = claims[name] else { continue }
            guard let time = value.double, time.sign == .plus else {
                note("CLM-1: the claim \"\(name)\" is no NumericDate", \.payloadFlaw)
                continue
            }
            times.append(Self.describe(name, time, now: now))
        }
    }

    private mutating func note(_ flaw: String?, _ place: WritableKeyPath<Self, String?> = \.flaw) {
        if self[keyPath: place] == nil { self[keyPath: place] = flaw }
    }

    private static func flaw(ofSegments segments: [ArraySlice<UInt8>], _ token: [UInt8]) -> String? {
        if token.first == UInt8(ascii: "{") {
            return "HDR-5: this is the JSON serialisation of a JWS; only the compact one is taken"
        }
        switch segments.count {
        case 3: break
        case 5: return "HDR-5: five segments make a JWE, an encrypted token; a signed one has three"
        case 2: return "ALG-2: two segments make an unsecured token; a signed one has three"
        default: return "HDR-5: a token has three segments with a full stop between; this has \(segments.count)"
        }
        if segments[0].isEmpty { return "HDR-5: the header is empty" }
        return segments[2].isEmpty ? "ALG-2: the signature is empty" : nil
    }

    private static func flaw(ofHeader header: JSON) -> String? {
        for name in ["crit", "b64", "zip"] where header[name] != nil {
            return "HDR-2: the header has \"\(name)\", an extension that Signet refuses"
        }
        guard let algorithm = header["alg"]?.string else { return "ALG-1: the header has no \"alg\" that is a string" }
        let lowered = algorithm.utf8.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 | 0x20 : $0 }
        if lowered.isEmpty || lowered == Array("none".utf8) { return "ALG-2: \"alg\" says that nobody signed it" }
        let name = ByteString(algorithm)
        if Algorithm(name: name) == nil { return "ALG-1: \"alg\" is \(name.quoted), none of \(Algorithm.names)" }
        if let kid = header["kid"] {
            guard let kid = kid.string else { return "HDR-4: \"kid\" is no string" }
            if kid.utf8.count > Limits.kidBytes { return "HDR-4: \"kid\" is longer than \(Limits.kidBytes) bytes" }
        }
        if let type = header["typ"], type.string == nil { return "HDR-6: \"typ\" is no string" }
        return nil
    }

    /// The bytes of a segment; notes the rule that it breaks otherwise.
    private mutating func bytes(of segment: ArraySlice<UInt8>, _ name: String) -> [UInt8]? {
        let characters = Array(segment)
        let bytes = Base64URL.decode(characters.span)
        if bytes == nil { note("B64-1: the \(name) is not canonical base64url") }
        return bytes
    }

    /// The JSON object that bytes are; notes the rule that they break otherwise.
    private mutating func read(
        _ bytes: [UInt8], _ name: String, _ place: WritableKeyPath<Self, String?>
    ) -> JSON? {
        var index = JSONIndex()
        do throws(JSONError) {
            try index.read(bytes.span, maximumDepth: Limits.tokenDepth, indexedDepth: 0)
        } catch {
            let rule = if case .duplicateName = error { "JSON-1" } else { "JSON-2" }
            note("\(rule): the \(name) is not strict JSON: \(error.message(in: bytes.span))", place)
            return nil
        }
        guard index.root.kind == .object else {
            note("JSON-2: the \(name) is no JSON object", place)
            return nil
        }
        return try? JSON(parsingUTF8: bytes)
    }

    private static func describe(_ name: String, _ time: Double, now: Int64) -> String {
        // Beyond that, a calendar means little and integers run out.
        guard time < 253_402_300_800 else { return "\(name): after the year 9999" }
        let seconds = Int64(time.rounded(.down))
        let span = ReadableTime.span(seconds - now)
        let isPast = seconds <= now
        let words =
            switch name {
            case "exp": isPast ? "expired \(span) ago" : "expires in \(span)"
            case "nbf": isPast ? "valid since \(span)" : "not valid before \(span) from now"
            default: isPast ? "issued \(span) ago" : "issued \(span) in the future"
            }
        return "\(name): \(ReadableTime.date(seconds)): \(words)"
    }
}
