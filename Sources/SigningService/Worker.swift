package import Authorization
internal import JOSE
internal import Keys
package import OpenSSL
internal import StrictJSON
package import WireProtocol

/// One event loop's half of the service: the snapshot that it serves, and memory that it uses again for each request.
///
/// `answer` is the heart of Signet: a request line, a caller and a time become a response line. It knows no socket, no
/// clock and no file. Not to be shared between threads.
package final class Worker {
    package let snapshot: Snapshot
    var reader = RequestReader()
    /// The part of a token that is being verified.
    var tokenPart = TokenPart()
    /// The payload that is being built.
    var payload: [UInt8] = []
    /// The token, where a request wrote it with escapes.
    var unescapedToken: [UInt8] = []
    let random: RandomPool
    private var signers: [[JWSContext?]]
    /// For each profile, the encoded header of its latest signing key, with its full stop.
    private var encodedHeaders: [(key: Int, header: [UInt8])?]

    package init(_ snapshot: Snapshot) throws(SecretMemoryError) {
        self.snapshot = snapshot
        random = try RandomPool()
        signers = snapshot.keyrings.map { Array(repeating: nil, count: $0.keys.count) }
        encodedHeaders = Array(repeating: nil, count: snapshot.profiles.count)
    }

    /// Answers one request line (without its LF) by appending one response line.
    ///
    /// - Parameters:
    ///   - identity: Who asks.
    ///   - now: Seconds since 1970-01-01 UTC.
    /// - Returns: What happened, for the log and the counters.
    package func answer(
        _ line: Span<UInt8>, from identity: Identity, at now: Int64, into output: inout [UInt8]
    ) -> Outcome {
        let start = output.count
        do throws(Refusal) {
            let request = try reader.read(line)
            switch request.operation {
            case .ping: ping(line, &output)
            case .sign: try sign(request, line, identity, now, &output)
            case .verify: try verify(request, line, identity, now, &output)
            case .explain: try explain(request, line, identity, now, &output)
            case .jwks: try jwks(request, line, identity, now, &output)
            }
            return .answered
        } catch {
            output.removeSubrange(start...)
            output.appendRefusal(error, id: reader.id, in: line)
            return .refused(error)
        }
    }

    /// Appends a refusal of a line that is not looked at but for its `id`.
    package func refuse(_ line: Span<UInt8>, with refusal: Refusal, into output: inout [UInt8]) {
        // Reading a line that is itself malformed leaves no `id`, which is all that matters here.
        _ = try? reader.read(line)
        output.appendRefusal(refusal, id: reader.id, in: line)
    }

    /// What became of a request.
    package enum Outcome: Sendable, Equatable {
        case answered
        case refused(Refusal)
    }

    private func ping(_ line: Span<UInt8>, _ output: inout [UInt8]) {
        output.beginResponse(id: reader.id, in: line, ok: true)
        output.append(",\"version\":")
        output.appendJSONString(signetVersion)
        output.append(",\"protocol\":")
        output.appendInteger(Int64(Limits.protocolVersion))
        output.endResponse()
    }

    /// The context of a key, made from the key's own when this loop first uses it.
    func context(keyring: Int, key: Int) throws(Refusal) -> JWSContext {
        if let context = signers[keyring][key] { return context }
        do throws(OpenSSLError) {
            let context = try snapshot.keyrings[keyring].keys[key].material.makeContext()
            signers[keyring][key] = context
            return context
        } catch { throw .internalFailure(error) }
    }

    /// Appends the base64url of a profile's header under a key, and a full stop.
    func appendEncodedHeader(profile: Int, key: Int, to output: inout [UInt8]) {
        if let cached = encodedHeaders[profile], cached.key == key {
            output += cached.header
            return
        }
        let header = header(profile: profile, key: key)
        var encoded: [UInt8] = []
        Base64URL.append(header.span, to: &encoded)
        encoded.append(UInt8(ascii: "."))
        output += encoded
        encodedHeaders[profile] = (key, encoded)
    }

    /// Exactly `alg`, `kid`, `typ` (rule HDR-1).
    func header(profile: Int, key: Int) -> [UInt8] {
        let served = snapshot.profiles[profile]
        let key = snapshot.keyrings[served.keyring].keys[key]
        var header: [UInt8] = []
        header.append("{\"alg\":")
        header.appendJSONString(key.algorithm.name)
        header.append(",\"kid\":")
        header.appendJSONString(key.kid.bytes)
        header.append(",\"typ\":")
        header.appendJSONString(served.profile.type.value.bytes)
        header.append(UInt8(ascii: "}"))
        return header
    }
}

extension Refusal {
    static func internalFailure(_ error: OpenSSLError) -> Refusal { Refusal(.internal, "\(error)") }
}
