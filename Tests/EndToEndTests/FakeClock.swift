import Foundation
import Testing

/// A system's clock that a test sets, for one daemon, by libfaketime. The clock that never steps stays as it is.
struct FakeClock {
    private let file: URL
    private let name = UUID().uuidString.prefix(8)

    private static let library: String? = {
        let libraries = "/usr/lib"
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: libraries)) ?? []
        return folders.map { "\(libraries)/\($0)/faketime/libfaketimeMT.so.1" }.first {
            FileManager.default.fileExists(atPath: $0)
        }
    }()
    static var isThere: Bool { library != nil }
    static let advice: Comment = "libfaketime is not installed: scripts/install-packages test"

    init(of daemon: TestDaemon) throws {
        file = daemon.directory.appending(path: "clock")
        try set(0)
    }

    /// Sets the clock so many seconds off the true time.
    func set(_ offset: Int) throws {
        try Data("\(offset < 0 ? "" : "+")\(offset)\n".utf8).write(to: file, options: .atomic)
    }

    /// Removes what the library leaves behind of a process that was killed: a later one with its number would fail.
    func forget(_ process: Process) {
        for name in ["faketime_shm_", "sem.faketime_sem_"] {
            try? FileManager.default.removeItem(atPath: "/dev/shm/\(name)\(process.processIdentifier)")
        }
    }

    var environment: [String: String] {
        [
            "LD_PRELOAD": Self.library ?? "", "DONT_FAKE_MONOTONIC": "1", "FAKETIME_NO_CACHE": "1",
            "FAKETIME_TIMESTAMP_FILE": file.path,
            // Otherwise the library sets this itself, and Swift's runtime finds the arguments no more: it looks for them
            // beside the environment.
            "FAKETIME_SHARED": "/signet_sem_\(name) /signet_shm_\(name)",
        ]
    }
}
