package import JOSE
internal import POSIX
package import StrictJSON

/// Makes the first key of a ring that never had one, and its directory where that is missing too.
///
/// A ring that has lost its keys is another matter: verifiers trust the old ones, and who begins anew must know that.
package struct FirstKey {
    private let place: RingDirectory
    private let knowledge: RingKnowledge

    package init(_ place: RingDirectory, _ knowledge: RingKnowledge) {
        self.place = place
        self.knowledge = knowledge
    }

    /// Makes the key, sealed if the ring's keys are to be.
    ///
    /// - Parameter now: Seconds since 1970-01-01 UTC.
    /// - Returns: Its kid and its file; nil when the directory holds keys, sound or not.
    /// - Throws: Also when there were keys once.
    package func makeIfNone(_ algorithm: Algorithm, now: Int64) throws(KeyError) -> (kid: ByteString, file: String)? {
        let names = try names()
        if names.contains(where: { KeyFile(name: $0) != nil }) { return nil }
        let isKnown = knowledge.history.rings[place.ring].map { !$0.records.isEmpty } ?? false
        if isKnown || names.contains(RevocationList.name) {
            throw KeyError(
                place.path, "had keys, and holds none any more",
                fix: "restore them from a backup, or begin anew with `signet key new \(place.ring.text)`")
        }
        let creation = place.isForSealedKeys ? KeyCreation(sealing: place) : KeyCreation(directory: place.path)
        return try creation.createKey(algorithm, now: now)
    }

    /// What is in the directory, which is made if it is missing.
    private func names() throws(KeyError) -> [String] {
        do throws(Errno) { return try Directory(path: place.path).names() } catch {
            guard error == .noEntry else { throw .unreadable(place.path, error) }
        }
        let parent = FilePath.directory(of: place.path)
        do throws(Errno) {
            try Directory(path: parent).makeDirectory(FilePath.name(of: place.path), mode: 0o700)
        } catch {
            throw KeyError(
                place.path, "does not exist and cannot be made: \(error)",
                fix: "make it for the daemon's user: install -d -m 0700 -o signet -g signet \(place.path)")
        }
        return []
    }
}
