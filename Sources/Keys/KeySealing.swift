internal import JOSE
internal import OpenSSL
internal import POSIX
package import StrictJSON

/// Seals and opens the key files of a keyring's directory, one by one.
///
/// A crash at any point leaves a directory that loads with the same keys: a file is complete before it has its name, and
/// goes before nothing but its successor. What a crash left half done, the next run ends. Everything is read and written
/// in locked memory, on a stack that is gone afterwards.
package struct KeySealing {
    private let place: RingDirectory

    package init(_ place: RingDirectory) { self.place = place }

    /// What became of a directory. A file that cannot be dealt with hinders no other.
    package struct Report: Sendable {
        package fileprivate(set) var changes: [Change] = []
        /// Files that were left alone, and why.
        package fileprivate(set) var notes: [String] = []
        package fileprivate(set) var errors: [KeyError] = []

        package struct Change: Sendable {
            package let kid: ByteString
            /// The path of the file that holds the key now.
            package let file: String
        }
    }

    /// Replaces plain keys by sealed ones, under the first KEK. Of all keys, also those that a crash left half written.
    ///
    /// - Parameter kid: The only key to seal; nil: all of them.
    package func seal(kid: ByteString? = nil) throws(KeyError) -> Report {
        try forEachFile(kid, removingLeftovers: true) { (name, kind, room) throws(KeyError) in
            try room.seal(name, kind, kid)
        }
    }

    /// Replaces sealed keys by plain ones.
    ///
    /// - Parameter kid: The only key to unseal; nil: all of them.
    package func unseal(kid: ByteString? = nil) throws(KeyError) -> Report {
        try forEachFile(kid) { (name, kind, room) throws(KeyError) in
            kind == .jwe ? try room.unseal(name, kid) : .other
        }
    }

    /// Seals all sealed keys anew, under the first KEK.
    package func reseal() throws(KeyError) -> Report {
        try forEachFile(nil) { (name, kind, room) throws(KeyError) in kind == .jwe ? try room.reseal(name) : .other }
    }

    private func forEachFile(
        _ kid: ByteString?, removingLeftovers: Bool = false,
        _ body: (_ name: String, _ kind: KeyFile, _ room: borrowing SealingRoom) throws(KeyError) ->
            SealingRoom.Outcome
    ) throws(KeyError) -> Report {
        try onDisposableStack(place.path) { () throws(KeyError) in
            let room = try SealingRoom(place)
            var report = Report()
            for (name, kind) in try room.files() {
                do throws(KeyError) {
                    switch try body(name, kind, room) {
                    case .done(let change): report.changes.append(change)
                    case .note(let note): report.notes.append(note)
                    case .other: break
                    }
                } catch { report.errors.append(error) }
            }
            guard let kid else {
                if removingLeftovers { report.removeLeftovers(in: room) }
                return report
            }
            // What is wrong with other keys is no concern of who asked for one.
            if !report.changes.isEmpty { report.errors = [] }
            if report.changes.isEmpty, report.notes.isEmpty, report.errors.isEmpty {
                throw KeyError(place.path, "has no such key of the kid \(kid.quoted)", fix: "see `signet key list`")
            }
            return report
        }
    }
}

extension KeySealing.Report {
    fileprivate mutating func removeLeftovers(in room: borrowing SealingRoom) {
        do throws(KeyError) {
            notes += try room.removeLeftovers().map { "removed \($0), which a crash had left behind" }
        } catch { errors.append(error) }
    }
}
