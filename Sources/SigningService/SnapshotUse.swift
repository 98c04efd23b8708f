internal import Authorization
internal import JOSE
internal import Keys
internal import OpenSSL
internal import StrictJSON
internal import WireProtocol

/// A snapshot as one event loop uses it, with a context of the loop's own for each key that it has used.
///
/// Not to be shared between threads. When the loop lets it go, the contexts are wiped.
final class SnapshotUse {
    let snapshot: Snapshot
    private var contexts: [[JWSContext?]]
    /// For each profile, what tokens and answers tell of the key that it signed with last.
    private var keyTexts: [KeyText?]
    /// For each profile, the bucket of each entry that limits its users: of the user who asked last. A connection's
    /// requests come in a row, so that one look into the shared table serves all of them.
    private var latestBuckets: [[LatestBucket]]

    private final class KeyText {
        let key: Int
        /// The base64url of the header, and a full stop.
        let header: [UInt8]
        /// As a JSON string.
        let kid: [UInt8]

        init(key: Int, header: [UInt8], kid: [UInt8]) {
            self.key = key
            self.header = header
            self.kid = kid
        }
    }

    private struct LatestBucket {
        let entry: Int
        let user: UInt32?
        let bucket: TokenBucket
    }

    init(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        contexts = snapshot.keyrings.map { Array(repeating: nil, count: $0.keys.count) }
        keyTexts = Array(repeating: nil, count: snapshot.profiles.count)
        latestBuckets = Array(repeating: [], count: snapshot.profiles.count)
    }

    /// The context of a key, made from the key's own when this loop first uses it.
    func context(keyring: Int, key: Int) throws(Refusal) -> JWSContext {
        if let context = contexts[keyring][key] { return context }
        do throws(OpenSSLError) {
            let context = try snapshot.keyrings[keyring].keys[key].material.makeContext()
            contexts[keyring][key] = context
            return context
        } catch { throw .internalFailure(error) }
    }

    /// Appends the base64url of a profile's header under a key, and a full stop.
    func appendEncodedHeader(profile: Int, key: Int, to output: inout [UInt8]) {
        output += keyText(profile: profile, key: key).header
    }

    /// Appends a key's kid as a JSON string.
    func appendQuotedKid(profile: Int, key: Int, to output: inout [UInt8]) {
        output += keyText(profile: profile, key: key).kid
    }

    private func keyText(profile: Int, key: Int) -> KeyText {
        if let text = keyTexts[profile], text.key == key { return text }
        var (header, kid): ([UInt8], [UInt8]) = ([], [])
        Base64URL.append(self.header(profile: profile, key: key).span, to: &header)
        header.append(UInt8(ascii: "."))
        kid.appendJSONString(snapshot.keyrings[snapshot.profiles[profile].keyring].keys[key].kid.bytes)
        let text = KeyText(key: key, header: header, kid: kid)
        keyTexts[profile] = text
        return text
    }

    /// The bucket of an entry, if it is this user's that the loop used last.
    func bucket(of user: UInt32?, _ entry: AllowEntry, profile: Int) -> TokenBucket? {
        for latest in latestBuckets[profile] where latest.entry == entry.number {
            return latest.user == user ? latest.bucket : nil
        }
        return nil
    }

    /// Keeps a user's bucket of an entry in place of another user's.
    func keep(_ bucket: TokenBucket, of user: UInt32?, _ entry: AllowEntry, profile: Int) {
        forgetBucket(of: entry, profile: profile)
        latestBuckets[profile].append(LatestBucket(entry: entry.number, user: user, bucket: bucket))
    }

    func forgetBucket(of entry: AllowEntry, profile: Int) {
        latestBuckets[profile].removeAll { $0.entry == entry.number }
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
