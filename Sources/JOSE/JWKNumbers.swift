internal import OpenSSL
internal import StrictJSON

// From the numbers of a JWK to a key (RFC 7518 section 6, RFC 8037 section 2).
extension JWKMembers {
    /// The key whose numbers stand in `file`.
    func readNumbers(_ file: borrowing SecretBytes) throws(JWKError) -> JWK.Numbers {
        switch (keyType, curve) {
        case (.octets, _): .octets(try decode(.k, file))
        case (.rsa, _): .keyPair(try readRSA(file))
        case (.ec, .p256): .keyPair(try readEC(.p256, file))
        case (.ec, .p384): .keyPair(try readEC(.p384, file))
        case (.ec, .p521): .keyPair(try readEC(.p521, file))
        case (.octetKeyPair, .ed25519): .keyPair(try readEdwards(.ed25519, length: 32, file))
        case (.octetKeyPair, .ed448): .keyPair(try readEdwards(.ed448, length: 57, file))
        case (_, nil): throw .missingMember("crv")
        case (_, let curve?):
            throw .invalidMember("crv", "\"\(curve.rawValue)\" is no curve for \"\(keyType.rawValue)\"")
        }
    }

    private static let primes: [(Number, KeyParameters.Name)] = [
        (.p, .prime1), (.q, .prime2), (.dp, .exponent1), (.dq, .exponent2), (.qi, .coefficient),
    ]

    private func readRSA(_ file: borrowing SecretBytes) throws(JWKError) -> KeyPair {
        let crt = Self.primes.filter { has($0.0) }
        // RFC 7518 section 6.3.2: if one of them is there, all are.
        guard crt.isEmpty || crt.count == Self.primes.count else {
            throw .invalidMember("p", "and \"q\", \"dp\", \"dq\", \"qi\" must be there together, or none of them")
        }
        let isPrivate = has(.d)
        guard isPrivate || crt.isEmpty else { throw .missingMember("d") }
        var members: [(Number, KeyParameters.Name)] = [(.n, .modulus), (.e, .publicExponent)]
        if isPrivate { members += [(.d, .privateExponent)] + crt }
        var parameters = try Self.newParameters()
        for (number, name) in members {
            let bytes = try decode(number, file)
            try Self.check { () throws(OpenSSLError) in
                try bytes.withSpan { span throws(OpenSSLError) in try parameters.add(name, number: span) }
            }
        }
        return try Self.makeKey(parameters, .rsa, isPrivate: isPrivate)
    }

    private func readEC(_ curve: KeyPair.Curve, _ file: borrowing SecretBytes) throws(JWKError) -> KeyPair {
        let length = curve.coordinateLength
        // RFC 7518 section 6.2.1.2: coordinates have their full length. A point is 04 ‖ x ‖ y (SEC 1 section 2.3.3).
        let x = try decode(.x, file, length: length)
        let y = try decode(.y, file, length: length)
        var point: [UInt8] = [4]
        x.withSpan { point.append($0) }
        y.withSpan { point.append($0) }
        var parameters = try Self.newParameters()
        try Self.check { () throws(OpenSSLError) in
            try parameters.add(curve: curve)
            try parameters.add(.publicKey, octets: point.span)
        }
        guard has(.d) else { return try Self.makeKey(parameters, .ec, isPrivate: false) }
        let d = try decode(.d, file, length: length)
        try Self.check { () throws(OpenSSLError) in
            try d.withSpan { span throws(OpenSSLError) in try parameters.add(.privateKey, number: span) }
        }
        return try Self.makeKey(parameters, .ec, isPrivate: true)
    }

    private func readEdwards(
        _ type: KeyPair.AlgorithmName, length: Int, _ file: borrowing SecretBytes
    ) throws(JWKError) -> KeyPair {
        let x = try decode(.x, file, length: length)
        var parameters = try Self.newParameters()
        try Self.check { () throws(OpenSSLError) in
            try x.withSpan { span throws(OpenSSLError) in try parameters.add(.publicKey, octets: span) }
        }
        guard has(.d) else { return try Self.makeKey(parameters, type, isPrivate: false) }
        let d = try decode(.d, file, length: length)
        try Self.check { () throws(OpenSSLError) in
            try d.withSpan { span throws(OpenSSLError) in try parameters.add(.privateKey, octets: span) }
        }
        return try Self.makeKey(parameters, type, isPrivate: true)
    }

    /// Decodes a number into locked memory; public ones too, so that there is one way.
    private func decode(
        _ number: Number, _ file: borrowing SecretBytes, length: Int? = nil
    ) throws(JWKError) -> SecretBytes {
        let range = try require(number)
        guard let count = Base64URL.decodedCount(range.count), count > 0 else {
            throw .invalidMember(number.rawValue, "must be base64url without padding")
        }
        if let length, count != length {
            throw .invalidMember(number.rawValue, "is \(count) bytes long where the curve has \(length)")
        }
        var bytes = try Self.newSecret(count)
        let isDecoded = bytes.withMutableSpan { output in
            file.withSpan { Base64URL.decode($0.extracting(range), into: &output) }
        }
        guard isDecoded else { throw .invalidMember(number.rawValue, "must be base64url without padding") }
        return bytes
    }

    private static func newSecret(_ count: Int) throws(JWKError) -> SecretBytes {
        do throws(SecretMemoryError) { return try SecretBytes(count: count) } catch { throw .outOfSecretMemory }
    }

    private static func newParameters() throws(JWKError) -> KeyParameters {
        do throws(OpenSSLError) { return try KeyParameters() } catch { throw .outOfSecretMemory }
    }

    private static func makeKey(
        _ parameters: consuming KeyParameters, _ type: KeyPair.AlgorithmName, isPrivate: Bool
    ) throws(JWKError) -> KeyPair {
        do throws(OpenSSLError) { return try parameters.makeKey(type, isPrivate: isPrivate) } catch { throw .notAKey }
    }

    private static func check(_ body: () throws(OpenSSLError) -> Void) throws(JWKError) {
        do throws(OpenSSLError) { try body() } catch { throw .notAKey }
    }
}
