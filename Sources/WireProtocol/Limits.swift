/// Every number that a peer can reach. docs/protocol.md repeats them; nothing else defines them.
package enum Limits {
    /// The version of the wire protocol that `ping` answers.
    package static let protocolVersion = 1
    /// Longest request line in bytes, its LF included, unless the configuration says otherwise.
    package static let defaultRequestBytes = 65_536
    /// Smallest request limit that the configuration may set, in bytes.
    package static let smallestRequestBytes = 1_024
    /// Largest request limit that the configuration may set, in bytes.
    package static let largestRequestBytes = 1_048_576
    /// What a `verify` request needs beside its token: a token may be this many bytes shorter than a request line.
    package static let tokenHeadroom = 512
    /// How deep a request's JSON may nest; the line's own object is depth 1.
    package static let requestDepth = 32
    /// How deep a token's header or payload may nest. One level of claims less than a request holds, so that
    /// whatever is accepted at `sign` is accepted at `verify`.
    package static let tokenDepth = 32
    /// Longest request `id`, in bytes after unescaping.
    package static let idBytes = 128
    /// Longest `kid` of a token, in bytes after unescaping.
    package static let kidBytes = 1_024
    /// Longest life that a request can name, in seconds.
    package static let largestTTL: Int64 = 2_147_483_647
    /// The least that `jwks` tells verifiers about when to ask again, in seconds; else it is the ring's `verifier_cache`.
    package static let shortestRefreshHint: Int64 = 1
    /// Lines of one user that may be refused in a second for what they say; more get `rate_limited`.
    package static let refusalsPerSecond: Int64 = 1_000
    /// Longest response line that a client accepts, in bytes.
    package static let responseBytes = 16 << 20
    /// Where clients look for the daemon unless told otherwise.
    package static let defaultSocketPath = "/run/signet/signet.sock"
}
