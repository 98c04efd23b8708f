package import StrictJSON

/// What a command must know of a keyring to make, seal and open its keys: the directory, the ring's name, the KEKs.
package struct RingDirectory: Sendable {
    package let path: String
    /// The name that keys are sealed for.
    package let ring: ByteString
    /// Paths of KEKs: the first seals, all open.
    package let kekFiles: [String]
    /// KEKs that are configured and have no path here, and why.
    private let missingKEKs: [KeyError]

    package init(path: String, ring: ByteString, kekFiles: [String], missingKEKs: [KeyError] = []) {
        self.missingKEKs = missingKEKs
        self.path = path
        self.ring = ring
        self.kekFiles = kekFiles
    }

    /// Whether keys of the ring are to be sealed: a KEK is configured or named, be it at hand or not.
    package var isForSealedKeys: Bool { !kekFiles.isEmpty || !missingKEKs.isEmpty }

    /// Reads the KEKs, as the daemon of the directory's owner would.
    func readKEKs(owner: UInt32) -> KeyEncryptionKeys {
        KeyEncryptionKeys(kekFiles, user: owner, failures: missingKEKs)
    }

    /// Reads the KEKs, for a command that needs all of them.
    func requireKEKs(owner: UInt32) throws(KeyError) -> KeyEncryptionKeys {
        let keks = readKEKs(owner: owner)
        if let failure = keks.failures.first { throw failure }
        return keks
    }
}
