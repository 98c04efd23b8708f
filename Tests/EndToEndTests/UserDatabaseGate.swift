import Foundation
import Testing

/// A gate before the system's database of users, for one daemon: each look-up of a uid waits until the test lets it pass.
struct UserDatabaseGate {
    private let library: PreloadedLibrary
    private let gate: URL

    /// How a look-up ends that passes.
    enum Passage: String {
        case truly = "t"
        /// With EIO.
        case failing = "f"
    }

    private static let source = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <fcntl.h>
        #include <pwd.h>
        #include <stdlib.h>
        #include <unistd.h>
        int getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size, struct passwd **found) {
            char passage = 't';
            int gate = open(getenv("SIGNET_TEST_GATE"), O_RDONLY);
            if (gate < 0 || read(gate, &passage, 1) != 1) abort();
            close(gate);
            *found = NULL;
            if (passage == 'f') return EIO;
            int (*look)(uid_t, struct passwd *, char *, size_t, struct passwd **) = dlsym(RTLD_NEXT, "getpwuid_r");
            return look(uid, entry, buffer, size, found);
        }
        """

    init(of daemon: TestDaemon) throws {
        gate = daemon.directory.appending(path: "gate")
        library = try PreloadedLibrary(at: daemon.directory.appending(path: "gate.so").path, Self.source)
        let made = try Program.run("mkfifo", [gate.path])
        try #require(made.status == 0, "\(made.errors)")
    }

    var environment: [String: String] { library.environment.merging(["SIGNET_TEST_GATE": gate.path]) { $1 } }

    /// Waits until somebody is looked up, and lets that look-up pass.
    func letPass(_ passage: Passage = .truly) throws {
        // Opening waits for the reader.
        let end = try FileHandle(forWritingTo: gate)
        try end.write(contentsOf: Data(passage.rawValue.utf8))
        try end.close()
    }

    /// Waits until somebody is looked up, and keeps that look-up waiting until the handle is closed.
    func hold() throws -> FileHandle { try FileHandle(forWritingTo: gate) }
}
