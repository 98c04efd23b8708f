internal import POSIX
package import StrictJSON

/// Removes the files of keys that nothing needs any more: revoked ones, and those whose last token has expired.
package struct KeyPruning {
    private let place: RingDirectory
    private let knowledge: RingKnowledge

    package init(_ place: RingDirectory, _ knowledge: RingKnowledge) {
        self.place = place
        self.knowledge = knowledge
    }

    /// What became of a directory.
    package struct Report: Sendable {
        /// The keys that went, with their files.
        package fileprivate(set) var removed: [(kid: ByteString, file: String)] = []
        /// Files that had to stay though a key in them could go, and why.
        package fileprivate(set) var notes: [String] = []
        package fileprivate(set) var errors: [KeyError] = []
    }

    /// Removes what is safe to remove.
    ///
    /// - Parameters:
    ///   - isRehearsal: Nothing is removed, only told.
    ///   - now: Seconds since 1970-01-01 UTC.
    package func prune(isRehearsal: Bool, now: Int64) throws(KeyError) -> Report {
        let listing = try KeyListing(place)
        let lives = listing.lives(of: place.ring, knowledge, at: now)
        var report = Report()
        report.errors = listing.errors
        let writer = try KeyWriter(directory: place.path)
        let admission = KeyAdmission(user: try writer.owner())
        for file in Set(listing.keys.map(\.file)).sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            let keys = listing.keys.filter { $0.file.utf8.elementsEqual(file.utf8) }
            let isSafe = { (kid: ByteString) in lives.safeToRemove(kid).map { $0 <= now } ?? false }
            guard keys.contains(where: { isSafe($0.kid) }) else { continue }
            guard keys.allSatisfy({ isSafe($0.kid) }) else {
                report.notes.append("\(file) stays: some of its keys are needed")
                continue
            }
            do throws(KeyError) {
                if !isRehearsal {
                    // A key that its own file revokes must not come back to life from a backup of an older file.
                    for key in keys where lives.state(key.kid) == .revoked {
                        try RevocationList.add(key.kid, to: writer.directory, admission)
                    }
                    try writer.remove(FilePath.name(of: file))
                }
                report.removed += keys.map { ($0.kid, file) }
            } catch { report.errors.append(error) }
        }
        return report
    }
}
