internal import JOSE
internal import Keys
internal import Logging
internal import POSIX
internal import SigningService
internal import StrictJSON

/// What must be kept of the keys outside of the process: their records in the state file, and their public halves in the
/// files of `publish`. A file that cannot be written stops no signature; it is told, and tried again.
final class KeyKeeper {
    private let logger: Logger
    private let user: UInt32
    private(set) var history = KeyHistory()
    private var stateFile: StateFile?
    /// What keeps the state from being kept; nil: nothing does.
    private(set) var stateFault: String?
    /// What was written last, by path.
    private var published: [ByteString: [UInt8]] = [:]
    private var publicationFaults: [ByteString: String] = [:]
    /// Which key of each ring signed when the state was written last.
    private var written: (signers: [ByteString: ByteString], isSettled: Bool, time: Int64)?

    init(user: UInt32, logger: Logger) {
        self.user = user
        self.logger = logger
    }

    /// What goes wrong just now, for `status`.
    var faults: [String] {
        (stateFault.map { [$0] } ?? []) + publicationFaults.sorted { $0.key < $1.key }.map(\.value)
    }

    // MARK: The state file

    /// Claims the state directory and reads what a former daemon left there.
    ///
    /// - Parameter isNamed: Whether the configuration names it: without, there need be none.
    /// - Throws: What keeps a state from being read that may be whole. Who serves without it would sign unnoted.
    func open(stateDirectory: String, isNamed: Bool, at now: Int64) throws(KeyError) {
        if !isNamed, (try? FileStatus(path: stateDirectory)) == nil {
            return logger.info(
                "no \(stateDirectory): what keys have signed is not kept over a restart; set state_directory")
        }
        do throws(StateFile.Fault) {
            stateFile = try StateFile(directory: stateDirectory)
        } catch {
            guard case .unusable(let error) = error else { throw error.error }
            logger.warning("\(error)")
            stateFault = error.description
        }
        do throws(StateFile.Fault) {
            if let read = try stateFile?.read(user: user, at: now) { history = read }
        } catch {
            guard case .unusable(let error) = error else { throw error.error }
            logger.warning("\(error)")
        }
    }

    /// Takes the records of the rings that are served from now on, and writes them down before they sign.
    func adopt(_ rings: [ServedRing], at now: Int64) {
        history.adopt(rings.map { ($0.ring, $0.longestLife) }, at: now)
        save(rings, isRunning: true, at: now)
    }

    /// Writes the state if something has changed: at once when another key signs, else once a minute.
    func saveIfDue(_ rings: [ServedRing], at now: Int64) {
        guard stateFile != nil else { return }
        let isDue = written.map { now - $0.time >= StateFile.interval || now < $0.time } ?? true
        guard isDue || written?.isSettled == false || written?.signers != Self.signers(rings, at: now) else { return }
        save(rings, isRunning: true, at: now)
    }

    /// Writes the state for the last time: nothing is signed any more.
    func close(_ rings: [ServedRing], at now: Int64) { save(rings, isRunning: false, at: now) }

    private func save(_ rings: [ServedRing], isRunning: Bool, at now: Int64) {
        guard stateFile != nil else { return }
        let signers = Self.signers(rings, at: now)
        // A loop may be about to sign with the key that was current a moment ago: the next writing takes that in.
        let former = written?.signers ?? [:]
        do throws(KeyError) {
            try stateFile?.write(
                history, serving: rings.map(\.ring), formerSigners: former, isRunning: isRunning, at: now)
            if stateFault != nil { logger.info("the state is kept again") }
            stateFault = nil
        } catch {
            if stateFault == nil { logger.error("\(error)") }
            stateFault = error.description
        }
        written = (signers, former == signers, now)
    }

    private static func signers(_ rings: [ServedRing], at now: Int64) -> [ByteString: ByteString] {
        var signers: [ByteString: ByteString] = [:]
        for served in rings {
            signers[served.ring.name] = served.ring.signingKey(at: now).map { served.ring.keys[$0].kid }
        }
        return signers
    }

    // MARK: Publication

    /// Publishes the keys of rings that are to be served, and those of `older` ones that are served still.
    ///
    /// - Throws: All that could not be written. What could be is published.
    func publish(
        _ rings: [ServedRing], including older: [ServedRing], at now: () -> Int64
    ) throws(PublicationFailure) {
        let paths = Set(rings.compactMap(\.publication?.path))
        // Somebody may have changed or removed the files meanwhile.
        published = [:]
        publicationFaults = publicationFaults.filter { paths.contains($0.key) }
        var failure = PublicationFailure()
        for served in rings {
            guard let publication = served.publication else { continue }
            let former = older.first { $0.ring.name == served.ring.name }
            let ring = former.map { served.ring.including($0.ring) } ?? served.ring
            let missing = publication.missingFiles
            do throws(KeyError) { try publish(publication, ring, served.leeway, at: now) } catch {
                failure.problems.append(error)
            }
            failure.created += missing
        }
        if !failure.problems.isEmpty { throw failure }
    }

    /// Removes files that were made for rings which are not served after all.
    func withdraw(_ files: [String]) {
        for file in files {
            try? Directory(path: FilePath.directory(of: file)).remove(FilePath.name(of: file))
        }
    }

    /// Publishes again what time has changed, and what could not be written before; notes which keys verifiers can get.
    ///
    /// Called when the rings are served: only then the operation `jwks` has their keys too.
    func publishChanges(_ rings: [ServedRing], at now: () -> Int64) {
        for served in rings {
            if let publication = served.publication {
                do throws(KeyError) { try publish(publication, served.ring, served.leeway, at: now) } catch {
                    if publicationFaults[publication.path] == nil { logger.error("\(error)") }
                    publicationFaults[publication.path] = error.description
                    continue
                }
            }
            served.ring.notePublication(at: now())
        }
    }

    private func publish(
        _ publication: KeyPublication, _ ring: Keyring, _ leeway: Int64, at now: () -> Int64
    ) throws(KeyError) {
        let text = KeyPublication.keySet(of: ring, at: now(), leeway: leeway)
        if published[publication.path] != text {
            try publication.write(text)
            published[publication.path] = text
        }
        publicationFaults[publication.path] = nil
    }
}

/// Which files of public keys could not be written.
struct PublicationFailure: Error {
    var problems: [KeyError] = []
    /// Files that were not there before.
    var created: [String] = []
}

/// A ring that is served, and what its profiles and the configuration say of it.
struct ServedRing {
    let ring: Keyring
    /// Seconds that clocks may differ by, the longest of its profiles.
    let leeway: Int64
    /// The longest life of its tokens in seconds; `KeyRecord.never` for payloads of bytes.
    let longestLife: Int64
    /// nil: its public keys are not kept as a file.
    let publication: KeyPublication?
}
