package import StrictJSON
package import WireProtocol

/// A request that was refused, as far as it could be read.
package struct RefusedRequest: Sendable {
    package let refusal: Refusal
    /// nil: refused before that was known.
    package let operation: Operation?
    /// The profile that was asked for, which need not exist; nil where the operation has none.
    package let profile: ByteString?

    package init(_ refusal: Refusal, _ operation: Operation? = nil, profile: ByteString? = nil) {
        self.refusal = refusal
        self.operation = operation
        self.profile = profile
    }

    init(_ refusal: Refusal, _ request: Request?, in line: Span<UInt8>) {
        guard let request else {
            self.init(refusal)
            return
        }
        let name = request.profile.map { ByteString($0.unescaped(in: line)) } ?? "default"
        self.init(refusal, request.operation, profile: request.operation.isOfTokens ? name : nil)
    }
}
