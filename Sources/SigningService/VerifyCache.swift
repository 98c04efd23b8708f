internal import OpenSSL
internal import Synchronization

/// Which signatures were found right, so that the same token is not verified twice.
///
/// It holds one fact and nothing else: that these bytes are signed by this key. The fact is as true after a reload and at
/// any time; what the token may do is decided anew each time it comes: whether its key still verifies or is revoked, its
/// times, its type, its audience, the profile, and the policy. That it was once wrong is never kept.
///
/// A fact is a SHA-256 of the whole token with its key's identity, drawn with a salt of the process so that nobody can choose
/// whose facts it displaces. Shared by all loops. It is for key pairs alone: an HMAC costs no more than the digest.
package final class VerifyCache: Sendable {
    private let salt: [UInt8]
    private let shards: [Shard]

    typealias Fact = DigestContext.SHA256

    /// A part with a lock of its own, so that loops seldom meet. Its memory comes with its first fact.
    private final class Shard: Sendable {
        let facts = Mutex<[Fact]>([])
    }

    /// Bytes of a fact.
    private static let factBytes = 32
    /// Facts that a token may stand among: the one that was asked for longest ago makes room.
    private static let ways = 4
    /// The smallest cache that is none in name only, in bytes: one set.
    package static let smallest = ways * factBytes
    private static let mostShards = 256
    private let setsPerShard: Int

    /// - Parameter bytes: What it may grow to; at least `smallest`.
    /// - Throws: when there are no random bytes.
    package init(bytes: Int) throws {
        salt = try RandomPool().draw(16) { span in
            var salt: [UInt8] = []
            for offset in 0..<span.count { salt.append(span[offset]) }
            return salt
        }
        let sets = max(bytes / Self.smallest, 1)
        shards = (0..<min(sets, Self.mostShards)).map { _ in Shard() }
        setsPerShard = sets / shards.count
    }

    /// What to ask for and to add: these bytes, signed by that key.
    func fact(
        _ token: Span<UInt8>, signedBy fingerprint: [UInt8], _ digest: DigestContext
    ) throws(OpenSSLError) -> Fact {
        try digest.sha256(salt, fingerprint, token)
    }

    /// Whether it is known.
    func holds(_ fact: Fact) -> Bool {
        let (shard, first) = place(of: fact)
        return shard.facts.withLock { facts in
            guard !facts.isEmpty else { return false }
            for way in 0..<Self.ways where facts[first + way] == fact {
                Self.put(fact, first, &facts, displacing: way)
                return true
            }
            return false
        }
    }

    func add(_ fact: Fact) {
        let (shard, first) = place(of: fact)
        shard.facts.withLock { facts in
            if facts.isEmpty { facts = Array(repeating: Fact(), count: setsPerShard * Self.ways) }
            Self.put(fact, first, &facts, displacing: Self.ways - 1)
        }
    }

    /// Facts stand in the order in which they were asked for last.
    private static func put(_ fact: Fact, _ first: Int, _ facts: inout [Fact], displacing way: Int) {
        for position in stride(from: first + way, to: first, by: -1) { facts[position] = facts[position - 1] }
        facts[first] = fact
    }

    private func place(of fact: Fact) -> (Shard, first: Int) {
        let shard = shards[Int(fact.words[0] % UInt64(shards.count))]
        return (shard, Int(fact.words[1] % UInt64(setsPerShard)) * Self.ways)
    }
}
