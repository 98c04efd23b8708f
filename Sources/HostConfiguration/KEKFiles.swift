package import SignetConfiguration
package import Keys
internal import POSIX
internal import StrictJSON

/// Where the key-encryption keys of `kek` in `[server]` lie on this host.
package struct KEKFiles {
    /// Their paths: the first seals, all open.
    package private(set) var paths: [String] = []
    /// KEKs that have no path, and why.
    package private(set) var failures: [KeyError] = []

    /// - Parameter credentials: Where systemd put the service's credentials, as `$CREDENTIALS_DIRECTORY` says; nil: nowhere.
    package init(_ sources: [KEKSource], credentials: String?) {
        for source in sources {
            switch source {
            case .file(let path): paths.append(path)
            case .credential(let name):
                if let credentials {
                    paths.append(FilePath.resolve(name.text, below: credentials))
                } else {
                    failures.append(
                        KeyError(
                            "credential:\(name.text)", "there is no $CREDENTIALS_DIRECTORY to find it in",
                            fix:
                                "load it in the service's unit: LoadCredential= or LoadCredentialEncrypted=; for a command, "
                                + "decrypt it to a file on a RAM disk and name that with --kek"))
                }
            }
        }
    }
}
