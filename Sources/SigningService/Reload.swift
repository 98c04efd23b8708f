internal import Authorization
package import StrictJSON
package import WireProtocol

/// What a reload changed.
package struct ReloadResult: Sendable, Equatable {
    /// Counts the snapshots of the daemon's life, from 1.
    package let generation: Int64
    package var added: [KeyName] = []
    package var removed: [KeyName] = []
    /// The keys that sign now and did not before.
    package var promoted: [KeyName] = []
    /// What a person should hear.
    package var warnings: [String] = []

    package init(generation: Int64) { self.generation = generation }
}

/// A key by its ring and its kid.
package struct KeyName: Sendable, Hashable {
    package let keyring: ByteString
    package let kid: ByteString

    package init(keyring: ByteString, kid: ByteString) {
        self.keyring = keyring
        self.kid = kid
    }
}

/// Why a reload changed nothing.
package struct ReloadFailure: Error, Sendable, Equatable {
    /// Names each culprit and what to do, one a line.
    package let problems: [String]

    package init(_ problems: [String]) { self.problems = problems }

    /// On one line.
    package var message: String { problems.joined(separator: "; ") }
}

/// A request for a reload, which is carried out away from the loops, one after another.
package struct DeferredReload: Sendable, Equatable {
    /// Whether keys may vanish that tokens still need.
    package let force: Bool
    /// The `id` to echo, as its raw token.
    private let id: [UInt8]?

    init(force: Bool, id: [UInt8]?) {
        self.force = force
        self.id = id
    }

    /// The answer line, when it has been carried out.
    package func answer(_ result: Result<ReloadResult, ReloadFailure>) -> [UInt8] {
        switch result {
        case .failure(let failure): return refuse(with: Refusal(.reloadFailed, failure.message))
        case .success(let result):
            var output: [UInt8] = []
            output.beginResponse(id: id, ok: true)
            output.append(",\"generation\":")
            output.appendInteger(result.generation)
            for (name, keys) in [
                ("added", result.added), ("removed", result.removed), ("promoted", result.promoted),
            ] {
                output.append(",")
                output.appendJSONString(name)
                output.append(":")
                output.append(keys)
            }
            output.append(",\"warnings\":[")
            for (position, warning) in result.warnings.enumerated() {
                if position > 0 { output.append(",") }
                output.appendJSONString(warning)
            }
            output.append("]")
            output.endResponse()
            return output
        }
    }

    /// The answer line of one that is not carried out.
    package func refuse(with refusal: Refusal) -> [UInt8] {
        var output: [UInt8] = []
        output.appendRefusal(refusal, id: id)
        return output
    }
}

extension Worker {
    /// `reload`: for admins; what SIGHUP does.
    func reload(
        _ request: Request, _ line: Span<UInt8>, _ identity: Identity
    ) throws(Refusal) -> DeferredReload {
        guard isAdmin(identity) else {
            let place = identity.mayAdminister ? "" : ", at their own socket"
            throw Refusal(.notPermitted, "\"reload\" is for admins\(place)")
        }
        return DeferredReload(force: request.force, id: rawID(in: line))
    }
}

extension Array where Element == UInt8 {
    fileprivate mutating func append(_ keys: [KeyName]) {
        append("[")
        for (position, key) in keys.enumerated() {
            if position > 0 { append(",") }
            append("{\"keyring\":")
            appendJSONString(key.keyring.bytes)
            append(",\"kid\":")
            appendJSONString(key.kid.bytes)
            append("}")
        }
        append("]")
    }
}
