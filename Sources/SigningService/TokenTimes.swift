internal import StrictJSON

/// The daemon's three times in a token, in seconds since 1970 (RFC 7519 sections 4.1.4 to 4.1.6).
struct TokenTimes: Equatable {
    let issuedAt: Int64
    let notBefore: Int64
    let expires: Int64
}

/// The claims that tell a token's times. Within a second most tokens share theirs, so that they are written once.
struct TokenTimesText {
    private var times: TokenTimes?
    private var text: [UInt8] = []
    /// Where `exp` with its comma begins.
    private var expires = 0

    /// Appends `,"iat":…,"nbf":…,"exp":…`.
    /// - Returns: Where `,"exp":` begins in `output`.
    mutating func append(_ times: TokenTimes, to output: inout [UInt8]) -> Int {
        if self.times != times { write(times) }
        let start = output.count
        output += text
        return start + expires
    }

    private mutating func write(_ times: TokenTimes) {
        self.times = times
        text.removeAll(keepingCapacity: true)
        text.append(",\"iat\":")
        text.appendInteger(times.issuedAt)
        text.append(",\"nbf\":")
        text.appendInteger(times.notBefore)
        expires = text.count
        text.append(",\"exp\":")
        text.appendInteger(times.expires)
    }
}
